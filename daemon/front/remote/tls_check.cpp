#include "daemon/front/remote/tls_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::MakeError;
using base::Reason;
using base::WithHint;

// OpenSSL's own texts are left out: they are for programmers, and must not quote a key.
struct Free {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

constexpr char kCertificate[] = "the server's certificate (--tls-certificate)";
constexpr char kKey[] = "the server's key (--tls-key)";
constexpr char kClientCa[] = "the clients' CA (--tls-client-ca)";

Bio Open(const std::string& pem) { return Bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

absl::Status Bad(absl::string_view what, absl::string_view how) {
  return MakeError(Reason::kInvalidField, absl::StrCat(what, " ", how));
}

absl::StatusOr<std::vector<Certificate>> ReadCertificates(absl::string_view what, const std::string& pem) {
  const Bio bio = Open(pem);
  std::vector<Certificate> certificates;
  while (true) {
    Certificate next(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    certificates.push_back(std::move(next));
  }
  const unsigned long error = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (certificates.empty() && at_end) return Bad(what, "has no certificate in PEM");
  if (!at_end) return Bad(what, "has a certificate that cannot be read");
  return certificates;
}

absl::Time ToTime(const ASN1_TIME* time, absl::Time otherwise) {
  std::tm broken_down{};
  if (::ASN1_TIME_to_tm(time, &broken_down) != 1) return otherwise;
  return absl::FromTM(broken_down, absl::UTCTimeZone());
}

absl::Status CheckDates(absl::string_view what, const Certificate& certificate, absl::Time now) {
  constexpr char kFormat[] = "%Y-%m-%d %H:%M UTC";
  const absl::Time first = ToTime(::X509_get0_notBefore(certificate.get()), absl::InfiniteFuture());
  const absl::Time last = ToTime(::X509_get0_notAfter(certificate.get()), absl::InfinitePast());
  if (now > last) {
    return WithHint(
        Bad(what, absl::StrCat("expired at ", absl::FormatTime(kFormat, last, absl::UTCTimeZone()))),
        "make a new one, and put it in the place of the old");
  }
  if (now < first) {
    return WithHint(Bad(what, absl::StrCat("is not valid before ",
                                           absl::FormatTime(kFormat, first, absl::UTCTimeZone()))),
                    "is this machine's clock right?");
  }
  return absl::OkStatus();
}

// Asked for if the key is encrypted.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

absl::Status CheckKey(const std::string& pem, const Certificate& certificate) {
  const Bio bio = Open(pem);
  bool is_encrypted = false;
  const Key key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, &is_encrypted));
  ::ERR_clear_error();
  if (is_encrypted) {
    return WithHint(Bad(kKey, "is protected by a passphrase"), "nobody is there to type it: take it off");
  }
  if (!key) return Bad(kKey, "has no private key in PEM");
  const bool belongs = ::X509_check_private_key(certificate.get(), key.get()) == 1;
  ::ERR_clear_error();
  return belongs ? absl::OkStatus() : Bad(kKey, "does not belong to the certificate");
}

// This machine's OpenSSL refuses to serve with keys and signatures that it takes for broken.
absl::Status CheckStrength(const std::vector<Certificate>& chain) {
  const std::unique_ptr<SSL_CTX, Free> context(::SSL_CTX_new(::TLS_server_method()));
  if (!context) return MakeError(Reason::kInternal, "making a TLS context: OpenSSL cannot");
  bool is_strong = ::SSL_CTX_use_certificate(context.get(), chain.front().get()) == 1;
  for (size_t i = 1; i < chain.size(); ++i) {
    is_strong = is_strong && SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) == 1;
  }
  ::ERR_clear_error();
  if (is_strong) return absl::OkStatus();
  return WithHint(Bad(kCertificate, "is too weak, by its key's size or how it is signed"),
                  "make one with a P-256 key and SHA-256");
}

}  // namespace

absl::Status CheckTls(const internal::v1::TlsCredentials& tls, absl::Time now) {
  BPFRIG_ASSIGN_OR_RETURN(const auto chain, ReadCertificates(kCertificate, tls.certificate()));
  BPFRIG_RETURN_IF_ERROR(CheckDates(kCertificate, chain.front(), now));
  BPFRIG_RETURN_IF_ERROR(CheckKey(tls.key(), chain.front()));
  BPFRIG_RETURN_IF_ERROR(CheckStrength(chain));
  BPFRIG_ASSIGN_OR_RETURN(const auto cas, ReadCertificates(kClientCa, tls.client_ca()));
  // An old CA beside the new one is how they are replaced.
  absl::Status status;
  for (const Certificate& ca : cas) {
    status = CheckDates(kClientCa, ca, now);
    if (status.ok()) break;
  }
  return status;
}

}  // namespace bpfrig::front
