package ovsdb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// TLS names the files for ssl: endpoints, in PEM: what the SSL table of ovs-vswitchd.conf.db(5) has. They are read anew for
// each connection, so that a renewed certificate is used from the next one on.
type TLS struct {
	PrivateKey  string
	Certificate string // of this client, and what is between it and a CA, if anything
	CACert      string // of the CAs that may have signed a server's certificate
}

var errNoKeys = errors.New("an ssl: endpoint needs a private key, a certificate and a CA certificate")

// connect does the TLS handshake.
func (t TLS) connect(ctx context.Context, conn net.Conn) (net.Conn, error) {
	config, err := t.load()
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure, nil
}

func (t TLS) load() (*tls.Config, error) {
	if t.PrivateKey == "" || t.Certificate == "" || t.CACert == "" {
		return nil, errNoKeys
	}
	own, err := tls.LoadX509KeyPair(t.Certificate, t.PrivateKey)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(t.CACert)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in it", t.CACert)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{own},
		// Open vSwitch looks at who signed a certificate and not at the name in it (its PKI has none that could be compared), and
		// what works with its tools must work here. So the check is our own.
		InsecureSkipVerify: true,
		VerifyConnection:   func(state tls.ConnectionState) error { return signedBy(roots, state.PeerCertificates) },
	}, nil
}

// signedBy checks that the first certificate is that of a server, and goes back to one of the roots.
func signedBy(roots *x509.CertPool, chain []*x509.Certificate) error {
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, certificate := range chain[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := chain[0].Verify(options)
	return err
}
