#include "daemon/front/testing/certificates.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <cstring>

namespace bpfrig::front {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;

std::string TextOf(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace

TestCertificate::TestCertificate(const std::string& name, absl::Time first, absl::Time last, EVP_PKEY* key)
    : key_(key != nullptr ? key : EVP_EC_gen("P-256"), &::EVP_PKEY_free),
      certificate_(::X509_new(), &::X509_free) {
  X509* const made = certificate_.get();
  EXPECT_EQ(::X509_set_version(made, X509_VERSION_3), 1);
  EXPECT_EQ(::ASN1_INTEGER_set(::X509_get_serialNumber(made), 1), 1);
  EXPECT_NE(::ASN1_TIME_set(::X509_getm_notBefore(made), absl::ToTimeT(first)), nullptr);
  EXPECT_NE(::ASN1_TIME_set(::X509_getm_notAfter(made), absl::ToTimeT(last)), nullptr);
  X509_NAME* const subject = ::X509_get_subject_name(made);
  EXPECT_EQ(::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0),
            1);
  EXPECT_EQ(::X509_set_issuer_name(made, subject), 1);
  EXPECT_EQ(::X509_set_pubkey(made, key_.get()), 1);
  EXPECT_NE(::X509_sign(made, key_.get(), ::EVP_sha256()), 0);
}

std::string TestCertificate::CertificatePem() const {
  const Bio bio(::BIO_new(::BIO_s_mem()), &::BIO_free);
  EXPECT_EQ(::PEM_write_bio_X509(bio.get(), certificate_.get()), 1);
  return TextOf(bio);
}

std::string TestCertificate::KeyPem(const char* passphrase) const {
  const Bio bio(::BIO_new(::BIO_s_mem()), &::BIO_free);
  const EVP_CIPHER* const cipher = passphrase != nullptr ? ::EVP_aes_128_cbc() : nullptr;
  EXPECT_EQ(::PEM_write_bio_PKCS8PrivateKey(
                bio.get(), key_.get(), cipher, passphrase,
                passphrase != nullptr ? static_cast<int>(std::strlen(passphrase)) : 0, nullptr, nullptr),
            1);
  return TextOf(bio);
}

}  // namespace bpfrig::front
