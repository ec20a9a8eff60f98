#include "daemon/front/remote/tls_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include "daemon/base/status.h"
#include "daemon/front/testing/certificates.h"

namespace bpfrig::front {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TlsCheckTest : public ::testing::Test {
 protected:
  TlsCheckTest() {
    tls_.set_certificate(server_.CertificatePem());
    tls_.set_key(server_.KeyPem());
    tls_.set_client_ca(ca_.CertificatePem());
  }

  // What is wrong with them; nothing of the key is in it.
  std::string Check(absl::Time now) {
    const absl::Status status = CheckTls(tls_, now);
    const std::string key = server_.KeyPem();
    EXPECT_THAT(status.ToString(), Not(HasSubstr(key.substr(key.find('\n') + 1, 20))));
    return std::string(status.message());
  }
  std::string Check() { return Check(now_); }

  const absl::Time now_ = absl::FromUnixSeconds(2'000'000'000);
  const TestCertificate server_{"server", now_ - absl::Hours(1), now_ + absl::Hours(1)};
  const TestCertificate ca_{"ca", now_ - absl::Hours(9), now_ + absl::Hours(9)};
  internal::v1::TlsCredentials tls_;
};

TEST_F(TlsCheckTest, AcceptsWhatBelongsTogether) {
  EXPECT_EQ(CheckTls(tls_, now_), absl::OkStatus());
  // A chain, and texts around the certificates, as openssl writes them.
  tls_.set_certificate("subject=server\n" + server_.CertificatePem() + "\n" + ca_.CertificatePem() + "\n");
  EXPECT_EQ(CheckTls(tls_, now_), absl::OkStatus());
}

TEST_F(TlsCheckTest, RefusesAKeyOfAnotherCertificate) {
  tls_.set_key(ca_.KeyPem());
  EXPECT_EQ(Check(), "the server's key (--tls-key) does not belong to the certificate");
}

TEST_F(TlsCheckTest, RefusesAKeyThatIsNoneOrEncrypted) {
  for (const std::string& no_key : {std::string(), std::string("secret"), server_.CertificatePem()}) {
    tls_.set_key(no_key);
    EXPECT_EQ(Check(), "the server's key (--tls-key) has no private key in PEM");
  }
  tls_.set_key(server_.KeyPem("passphrase"));
  EXPECT_EQ(Check(), "the server's key (--tls-key) is protected by a passphrase");
}

TEST_F(TlsCheckTest, RefusesWhatIsNoCertificate) {
  for (const std::string& none : {std::string(), std::string("x"), server_.KeyPem()}) {
    tls_.set_certificate(none);
    EXPECT_EQ(Check(), "the server's certificate (--tls-certificate) has no certificate in PEM");
  }
  std::string damaged = server_.CertificatePem();
  damaged.replace(100, 4, "!!!!");
  for (const std::string& pem :
       {damaged, ca_.CertificatePem() + damaged, server_.CertificatePem().substr(0, 200)}) {
    tls_.set_certificate(pem);
    EXPECT_EQ(Check(), "the server's certificate (--tls-certificate) has a certificate that cannot be read");
  }
}

TEST_F(TlsCheckTest, RefusesAKeyThatIsTooShort) {
  const TestCertificate weak("weak", now_ - absl::Hours(1), now_ + absl::Hours(1), EVP_RSA_gen(512));
  tls_.set_certificate(weak.CertificatePem());
  tls_.set_key(weak.KeyPem());
  EXPECT_EQ(
      Check(),
      "the server's certificate (--tls-certificate) is too weak, by its key's size or how it is signed");
}

TEST_F(TlsCheckTest, RefusesACertificateOutsideItsTime) {
  EXPECT_EQ(Check(now_ + absl::Hours(2)),
            "the server's certificate (--tls-certificate) expired at 2033-05-18 04:33 UTC");
  EXPECT_EQ(Check(now_ - absl::Hours(2)),
            "the server's certificate (--tls-certificate) is not valid before 2033-05-18 02:33 UTC");
}

TEST_F(TlsCheckTest, RefusesAClientCaThatIsNoneOrExpired) {
  tls_.set_client_ca("");
  EXPECT_EQ(Check(), "the clients' CA (--tls-client-ca) has no certificate in PEM");
  const TestCertificate old("old", now_ - absl::Hours(9), now_ - absl::Hours(8));
  tls_.set_client_ca(old.CertificatePem());
  EXPECT_EQ(Check(), "the clients' CA (--tls-client-ca) expired at 2033-05-17 19:33 UTC");
  tls_.set_client_ca(old.CertificatePem() + ca_.CertificatePem());
  EXPECT_EQ(Check(), "") << "the new one beside the old";
}

}  // namespace
}  // namespace bpfrig::front
