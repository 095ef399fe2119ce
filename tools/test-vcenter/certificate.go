package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

type certificate struct {
	pem []byte
	// SHA-256 in hexadecimal with colons, as browsers and vCenter show it.
	thumbprint string
}

// The certificate of the options, or a self-signed one for this machine as a new vCenter has it.
func loadCertificate(o options) (*tls.Config, certificate, error) {
	certificatePem, keyPem, err := readPair(o)
	if err != nil {
		return nil, certificate{}, err
	}
	pair, err := tls.X509KeyPair(certificatePem, keyPem)
	if err != nil {
		return nil, certificate{}, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return config, certificate{certificatePem, thumbprint(pair.Certificate[0])}, nil
}

func readPair(o options) (certificatePem, keyPem []byte, err error) {
	if o.certificate == "" {
		return selfSigned()
	}
	if certificatePem, err = os.ReadFile(o.certificate); err != nil {
		return nil, nil, err
	}
	keyPem, err = os.ReadFile(o.key)
	return certificatePem, keyPem, err
}

func selfSigned() (certificatePem, keyPem []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "test-vcenter"},
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(48 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	keyDer, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certificatePem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return certificatePem, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDer}), nil
}

func thumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	bytes := make([]string, len(sum))
	for i, b := range sum {
		bytes[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(bytes, ":")
}
