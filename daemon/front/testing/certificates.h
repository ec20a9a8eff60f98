// Certificates for tests, made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace bpfrig::front {

// A self-signed certificate and its key.
class TestCertificate {
 public:
  // Takes over the key; a strong one if there is none.
  TestCertificate(const std::string& name, absl::Time first, absl::Time last, EVP_PKEY* key = nullptr);

  [[nodiscard]] std::string CertificatePem() const;
  // Encrypted if there is a passphrase.
  [[nodiscard]] std::string KeyPem(const char* passphrase = nullptr) const;

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace bpfrig::front
