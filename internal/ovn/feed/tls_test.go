package feed

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// pki is a certificate authority, and keys that it has signed.
type pki struct {
	t   *testing.T
	s   *ovstest.Sandbox // whose environment openssl runs in
	dir string
}

func newPKI(t *testing.T, s *ovstest.Sandbox) pki {
	p := pki{t, s, t.TempDir()}
	p.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-days", "1",
		"-keyout", p.file("ca.key"), "-out", p.file("ca.pem"))
	return p
}

func (p pki) file(name string) string { return filepath.Join(p.dir, name) }

func (p pki) openssl(args ...string) {
	p.t.Helper()
	if _, err := p.s.Run("openssl", args...); err != nil {
		p.t.Fatal(err)
	}
}

// issue returns the files of a private key and its certificate.
func (p pki) issue(name string) (key, certificate string) {
	key, certificate = p.file(name+".key"), p.file(name+".pem")
	p.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN="+name, "-keyout", key, "-out", p.file(name+".csr"))
	p.openssl("x509", "-req", "-in", p.file(name+".csr"), "-CA", p.file("ca.pem"), "-CAkey", p.file("ca.key"),
		"-CAcreateserial", "-days", "1", "-out", certificate)
	return key, certificate
}

// An ssl: southbound database is reached with the keys of the SSL row, whenever they come.
func TestUsesKeysOfSSLRow(t *testing.T) {
	ovstest.Need(t, "openssl")
	sb := southbound(t, 0)
	p := newPKI(t, sb)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	serverKey, serverCertificate := p.issue("server")
	sb.Add(ovstest.Daemon{
		Name: "tls", Program: "ovsdb-server",
		Args: []string{"-vconsole:off", "--log-file=" + sb.Log("tls"), "--unixctl=" + filepath.Join(sb.Dir, "tls.ctl"),
			"--remote=pssl:" + port + ":127.0.0.1", "--private-key=" + serverKey, "--certificate=" + serverCertificate,
			"--ca-cert=" + p.file("ca.pem"), "relay:OVN_Southbound:" + sb.OVSDB()},
	})
	sb.Start(t, "tls")

	remote := "ssl:127.0.0.1:" + port
	s := start(t, remote)
	refused, following := "waiting for the southbound database at "+remote+": ", "following the southbound database at "+remote
	s.untilStatus(false, refused+"an ssl: endpoint needs a private key")
	key, certificate := p.issue("client")
	s.vsctl("set-ssl", key, certificate, p.file("ca.pem"))
	s.untilStatus(true, following)
	s.untilFlows(1, 3)
	s.vsctl("del-ssl")
	sb.Stop(t, "tls")
	sb.Start(t, "tls")
	s.untilStatus(false, refused+"an ssl: endpoint needs a private key")
	s.untilFlows(1, 3)
	again, renewed := p.issue("another")
	s.vsctl("set-ssl", again, renewed, p.file("ca.pem"))
	s.untilStatus(true, following)
}
