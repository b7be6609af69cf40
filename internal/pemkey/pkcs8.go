package pemkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // keys that exist are encrypted so
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2's default in RFC 8018
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// maxIterations bounds the work that a key file can ask for; OpenSSL writes
// 2,048 and careful people some 100,000.
const maxIterations = 10_000_000

// Structures of RFC 5958 (EncryptedPrivateKeyInfo) and RFC 8018 (PBES2).
type (
	encryptedKey struct {
		Algorithm struct {
			ID     asn1.ObjectIdentifier
			Params pbes2Params
		}
		Data []byte
	}
	pbes2Params struct {
		KDF struct {
			ID     asn1.ObjectIdentifier
			Params pbkdf2Params
		}
		Cipher struct {
			ID asn1.ObjectIdentifier
			IV []byte
		}
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
)

// pseudoRandom names PBKDF2's functions; "" is the default.
func pseudoRandom(oid string) func() hash.Hash {
	return map[string]func() hash.Hash{
		"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
		"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
	}[oid]
}

type blockCipher struct {
	keyLength int // bytes
	new       func(key []byte) (cipher.Block, error)
}

// cipherOf names the ciphers, all in CBC mode.
func cipherOf(oid string) (blockCipher, bool) {
	c, ok := map[string]blockCipher{
		"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
		"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher}, "1.2.840.113549.3.7": {24, des.NewTripleDESCipher},
	}[oid]
	return c, ok
}

var errPassphrase = errors.New("the passphrase is wrong, or the key is damaged")

// decryptPKCS8 decrypts what `openssl pkcs8 -topk8` and `openssl genpkey`
// write: PBES2 with PBKDF2 and AES or 3DES.
func decryptPKCS8(der []byte, passphrase string) ([]byte, error) {
	var k encryptedKey
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return nil, errors.New("not an encrypted key of a kind that we can read (PBES2)")
	}
	kdf := k.Algorithm.Params.KDF
	enc := k.Algorithm.Params.Cipher
	prf := pseudoRandom(kdf.Params.PRF.Algorithm.String())
	block, known := cipherOf(enc.ID.String())
	switch {
	case k.Algorithm.ID.String() != oidPBES2, kdf.ID.String() != oidPBKDF2, prf == nil, !known:
		return nil, errors.New("encrypted with an algorithm that is not supported: convert it with `openssl pkcs8 -topk8`")
	case kdf.Params.Iterations < 1 || kdf.Params.Iterations > maxIterations:
		return nil, fmt.Errorf("%d iterations of PBKDF2, at most %d are allowed", kdf.Params.Iterations, maxIterations)
	}
	key, err := pbkdf2.Key(prf, passphrase, kdf.Params.Salt, kdf.Params.Iterations, block.keyLength)
	if err != nil {
		return nil, err
	}
	b, err := block.new(key)
	if err != nil {
		return nil, err
	}
	if len(enc.IV) != b.BlockSize() || len(k.Data) == 0 || len(k.Data)%b.BlockSize() != 0 {
		return nil, errPassphrase
	}
	plain := make([]byte, len(k.Data))
	cipher.NewCBCDecrypter(b, enc.IV).CryptBlocks(plain, k.Data)
	return unpad(plain, b.BlockSize())
}

// unpad removes the padding of RFC 8018, 6.1.1.
func unpad(plain []byte, size int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > size || n > len(plain) {
		return nil, errPassphrase
	}
	for _, c := range plain[len(plain)-n:] {
		if int(c) != n {
			return nil, errPassphrase
		}
	}
	return plain[:len(plain)-n], nil
}
