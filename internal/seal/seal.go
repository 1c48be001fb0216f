// Package seal keeps secrets unreadable for whoever has the database alone:
// they are encrypted with a key that lies in a file of its own.
//
// AES-256-GCM with a random nonce; what a secret belongs to is authenticated
// with it, so that a sealed secret cannot be moved to another source.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Box seals and opens secrets.
type Box struct{ aead cipher.AEAD }

const (
	keySize = 32
	version = 1 // the first byte of every sealed secret
)

// Open reads the key file of a path, or makes one that only its owner can
// read. Losing it loses every secret sealed with it, and nothing else.
func Open(path string) (*Box, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("key file %s: expected %d bytes in base64", path, keySize)
	}
	return New(key)
}

// New makes a Box of a key of 32 bytes.
func New(key []byte) (*Box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// create writes a new key, whole or not at all. When another process was
// faster, its key counts.
func create(path string) (text []byte, err error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	text = []byte(base64.StdEncoding.EncodeToString(key) + "\n")
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // with mode 0600
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		text, err = os.ReadFile(path)
	}
	return text, errors.Join(err, os.Remove(f.Name()))
}

// Seal encrypts a secret of an owner.
func (b *Box) Seal(owner, name, secret string) []byte {
	nonce := make([]byte, b.aead.NonceSize())
	rand.Read(nonce) // never fails; see its documentation
	out := append([]byte{version}, nonce...)
	return b.aead.Seal(out, nonce, []byte(secret), about(owner, name))
}

// Open decrypts what Seal made for the same owner and name.
func (b *Box) Open(owner, name string, box []byte) (string, error) {
	n := 1 + b.aead.NonceSize()
	if len(box) < n || box[0] != version {
		return "", fmt.Errorf("the secret %s of %s is damaged", name, owner)
	}
	text, err := b.aead.Open(nil, box[1:n], box[n:], about(owner, name))
	if err != nil {
		return "", fmt.Errorf("the secret %s of %s was sealed with another key; copy the hansei.key with which it was sealed into this data directory, or enter the secret again", name, owner)
	}
	return string(text), nil
}

func about(owner, name string) []byte { return []byte(owner + "\x00" + name) }
