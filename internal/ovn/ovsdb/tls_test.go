package ovsdb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// authority signs certificates, as ovs-pki(8) does.
type authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "OVS switchca"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.sign("cacert", template, nil, nil)
	return a
}

// sign makes a key and a certificate and writes NAME.pem and NAME-key.pem.
func (a *authority) sign(name string, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	if parent == nil {
		parent, parentKey = template, key
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	a.must(err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	a.must(err)
	a.must(os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	a.must(os.WriteFile(a.file(name+"-key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	cert, err := x509.ParseCertificate(der)
	a.must(err)
	return cert, key
}

func (a *authority) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// issue makes the files for a client or server. The name in the certificate is no host's, as in ovs-pki's.
func (a *authority) issue(name string) TLS {
	a.sign(name, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name + " id:0815"},
		DNSNames: []string{name + " id:0815"}}, a.cert, a.key)
	return TLS{PrivateKey: a.file(name + "-key"), Certificate: a.file(name), CACert: a.file("cacert")}
}

// freePort is one that nobody listens on now.
func freePort(t testing.TB) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func addRemote(t testing.TB, s *ovstest.Sandbox, remote string) {
	t.Helper()
	control(t, s, ovstest.OVSDB, "ovsdb-server/add-remote", remote)
}

func TestTCP(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	transact(t, s, s.OVSDB(), addressSet("as1"))
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		port := freePort(t)
		addRemote(t, s, fmt.Sprintf("ptcp:%s:%s", port, host))
		c := consume(t, sbConfig(t, "tcp:"+host+":"+port, Table{Name: sb.AddressSetTable}))
		c.untilNames("as1")
	}
}

func TestTLS(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	transact(t, s, s.OVSDB(), addressSet("as1"))
	trusted, stranger := newAuthority(t), newAuthority(t)
	server, client := trusted.issue("server"), trusted.issue("client")
	port := freePort(t)
	const name = "tls"
	s.Add(ovstest.Daemon{
		Name:    name,
		Program: "ovsdb-server",
		Args: []string{"-vconsole:off", "--log-file=" + s.Log(name), "--unixctl=" + controlSocket(s, name), "--remote=pssl:" + port + ":127.0.0.1",
			"--private-key=" + server.PrivateKey, "--certificate=" + server.Certificate, "--ca-cert=" + server.CACert,
			"relay:" + southbound + ":" + s.OVSDB()},
	})
	s.Start(t, name)
	cfg := sbConfig(t, "ssl:127.0.0.1:"+port, Table{Name: sb.AddressSetTable})

	for _, test := range []struct {
		name string
		keys TLS
		want string
	}{
		{"no keys", TLS{}, "needs a private key"},
		{"no such file", TLS{"/nonesuch", client.Certificate, client.CACert}, "/nonesuch"},
		{"no CA certificate in the file", TLS{client.PrivateKey, client.Certificate, client.PrivateKey}, "no certificate"},
		{"key of another certificate", TLS{server.PrivateKey, client.Certificate, client.CACert}, "private key does not match"},
		{"server signed by a stranger", TLS{client.PrivateKey, client.Certificate, stranger.file("cacert")}, "unknown authority"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg.TLS = test.keys
			c := consume(t, cfg)
			ovstest.Eventually(t, patience, func() error {
				if err := c.State().Err; err == nil || !strings.Contains(err.Error(), test.want) {
					return fmt.Errorf("state %+v, want %q", c.State(), test.want)
				}
				return nil
			})
			c.SetTLS(client)
			c.untilNames("as1")
		})
	}

	// A certificate that the server does not accept is renewed in place.
	t.Run("renewed", func(t *testing.T) {
		refused := stranger.issue("client")
		refused.CACert = trusted.file("cacert")
		cfg.TLS = refused
		c := consume(t, cfg)
		c.untilPhase(Waiting)
		for _, file := range []string{"client", "client-key"} {
			text, err := os.ReadFile(trusted.file(file))
			trusted.must(err)
			trusted.must(os.WriteFile(stranger.file(file), text, 0o600))
		}
		c.untilNames("as1")
	})
}

// The endpoints change while the client is connected, and while it waits.
func TestSetEndpoints(t *testing.T) {
	one, other := ovstest.StartServer(t, ovstest.SouthboundSchema), ovstest.StartServer(t, ovstest.SouthboundSchema)
	transact(t, one, one.OVSDB(), addressSet("one"), addressSet("both", "10.0.0.1"))
	transact(t, other, other.OVSDB(), addressSet("other"), addressSet("both", "10.0.0.2"))
	cfg := sbConfig(t, "unix:/nonesuch", Table{Name: sb.AddressSetTable})
	cfg.BackoffMin, cfg.BackoffMax = time.Hour, time.Hour
	c := consume(t, cfg)
	c.untilPhase(Waiting)
	if err := c.SetEndpoints("tls:x"); err == nil {
		t.Error("a bad endpoint was taken")
	}
	if err := c.SetEndpoints(one.OVSDB()); err != nil {
		t.Fatal(err)
	}
	c.untilNames("both", "one")
	before := c.received()
	if err := c.SetEndpoints("unix:/nonesuch," + one.OVSDB()); err != nil {
		t.Fatal(err)
	}
	if err := c.SetEndpoints(other.OVSDB()); err != nil {
		t.Fatal(err)
	}
	c.untilNames("both", "other")
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.batches) - before; n != 1 {
		t.Errorf("%d batches, want 1: a session that may go on was ended", n)
	}
}
