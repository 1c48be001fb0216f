package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// MaxAge is how far a webhook's timestamp may be from now.
const MaxAge = 5 * time.Minute

// HMAC is the HMAC-SHA256 of a message.
func HMAC(secret string, message ...[]byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	for _, part := range message {
		m.Write(part)
	}
	return m.Sum(nil)
}

// CheckHex compares a hexadecimal signature in constant time. An empty secret
// or signature never fits.
func CheckHex(secret, signature string, message ...[]byte) error {
	got, err := hex.DecodeString(strings.TrimSpace(signature))
	return check(secret, got, err, message)
}

// CheckBase64 compares a base64 signature in constant time.
func CheckBase64(secret, signature string, message ...[]byte) error {
	got, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	return check(secret, got, err, message)
}

func check(secret string, got []byte, err error, message [][]byte) error {
	if err != nil || secret == "" || len(got) == 0 || !hmac.Equal(got, HMAC(secret, message...)) {
		return ErrSignature
	}
	return nil
}

// CheckToken compares a shared secret sent as it is, in constant time.
func CheckToken(secret, got string) error {
	if secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(got)) != 1 {
		return ErrSignature
	}
	return nil
}

// CheckBearer compares the token of an "Authorization: Bearer" header, or of
// "Basic" with the token as password.
func CheckBearer(secret, header string) error {
	scheme, value, _ := strings.Cut(header, " ")
	switch strings.ToLower(scheme) {
	case "bearer":
		return CheckToken(secret, strings.TrimSpace(value))
	case "basic":
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return ErrSignature
		}
		_, password, _ := strings.Cut(string(text), ":")
		return CheckToken(secret, password)
	}
	return fmt.Errorf("%w: the Authorization header is missing", ErrSignature)
}

// CheckTime refuses a timestamp that is further than MaxAge from now.
func CheckTime(at, now time.Time) error {
	if d := now.Sub(at); d > MaxAge || d < -MaxAge {
		return fmt.Errorf("%w: %s", ErrStale, at.UTC().Format(time.RFC3339))
	}
	return nil
}
