// What OpenSSL would call at its start, or ask the processor for, if a program wanted its older
// cipher tables, its engines or the modules of openssl.cnf. A program with few algorithms
// (cmake/FewAlgorithms.cmake) wants none of these, and does not link what stands behind them. Weak:
// where something else links the original, the original is called.

extern "C" {

// NOLINTBEGIN(readability-identifier-naming): OpenSSL's own names.
void openssl_add_all_ciphers_int();
void openssl_add_all_digests_int();
void OPENSSL_load_builtin_modules();
void ENGINE_load_builtin_engines();
void engine_load_afalg_int();
void engine_load_dynamic_int();
void engine_load_openssl_int();
void engine_load_padlock_int();
void engine_load_rdrand_int();
int ossl_cipher_capable_aes_cbc_hmac_sha1();
int ossl_cipher_capable_aes_cbc_hmac_sha256();

[[gnu::weak]] void openssl_add_all_ciphers_int() {}
[[gnu::weak]] void openssl_add_all_digests_int() {}
[[gnu::weak]] void OPENSSL_load_builtin_modules() {}
[[gnu::weak]] void ENGINE_load_builtin_engines() {}
[[gnu::weak]] void engine_load_afalg_int() {}
[[gnu::weak]] void engine_load_dynamic_int() {}
[[gnu::weak]] void engine_load_openssl_int() {}
[[gnu::weak]] void engine_load_padlock_int() {}
[[gnu::weak]] void engine_load_rdrand_int() {}
/// Cipher and digest in one go, for TLS records without AEAD: this processor has no such thing.
[[gnu::weak]] int ossl_cipher_capable_aes_cbc_hmac_sha1() {
  return 0;
}
[[gnu::weak]] int ossl_cipher_capable_aes_cbc_hmac_sha256() {
  return 0;
}
// NOLINTEND(readability-identifier-naming)

}  // extern "C"
