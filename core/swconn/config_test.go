package swconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	for _, target := range []string{
		"", "unix", "unix:", "/run/br.mgmt", "tcp:", "tcp:127.0.0.1", "ssl:127.0.0.1", "ssl:127.0.0.1:6653", "ptcp:6653",
	} {
		if _, err := New(Config{Target: target}); !errors.Is(err, ErrTarget) {
			t.Errorf("%q: %v", target, err)
		}
	}
	for _, target := range []string{"unix:/run/br.mgmt", "tcp:127.0.0.1:6653", "tcp:[::1]:6653", "ssl:127.0.0.1:6653"} {
		if _, err := New(Config{Target: target, TLS: new(tls.Config)}); err != nil {
			t.Errorf("%q: %v", target, err)
		}
	}
}

// TestOverTCP and TestOverTLS make a session with a switch that listens.
func TestOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l)
	next[Up](t, run(t, Config{Target: "tcp:" + l.Addr().String()}))
}

func TestOverTLS(t *testing.T) {
	cert, pool := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l)
	target := "ssl:" + l.Addr().String()
	next[Up](t, run(t, Config{Target: target, TLS: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool}}))

	stranger := run(t, Config{Target: target, TLS: &tls.Config{RootCAs: x509.NewCertPool()}})
	var unknown x509.UnknownAuthorityError
	if down := next[Down](t, stranger); !errors.As(down.Err, &unknown) {
		t.Errorf("a switch that nobody vouches for: %v", down.Err)
	}
}

// serve shakes hands with everybody who connects, until the test ends.
func serve(t *testing.T, l net.Listener) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				p := peer{t, nc}
				if p.read() == nil { // no hello: not even the certificates fit
					return
				}
				p.answerHello()
				p.read()
			}()
		}
	}()
}

// selfSigned makes a certificate for 127.0.0.1, for both sides, and a pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
