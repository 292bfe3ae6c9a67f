package swtest

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
)

// A bundle is an open bundle of a connection.
type bundle struct {
	flags openflow.BundleFlags
	mods  []bundled
}

// A bundled is one message of a bundle, past the first stage.
type bundled struct {
	mod mod
	msg []byte // the bundle add message, for errors
}

// bundleControl opens, commits or discards a bundle.
func (c *conn) bundleControl(msg []byte, xid uint32) *openflow.Error {
	m, err := openflow.ParseBundleControl(msg)
	if err != nil {
		return named("OFPBRC_BAD_LEN")
	}
	b := c.bundles[m.ID]
	switch {
	case m.Type == openflow.BundleOpenRequest:
		if b != nil { // ovs-vswitchd drops it, too
			delete(c.bundles, m.ID)
			return named("OFPBFC_BAD_ID")
		}
		c.bundles[m.ID] = &bundle{flags: m.Flags}
	case m.Type != openflow.BundleCommitRequest && m.Type != openflow.BundleDiscardRequest:
		return named("OFPBFC_BAD_TYPE")
	case b == nil:
		return named("OFPBFC_BAD_ID")
	case b.flags != m.Flags:
		delete(c.bundles, m.ID)
		return named("OFPBFC_BAD_FLAGS")
	default:
		delete(c.bundles, m.ID)
		if m.Type == openflow.BundleCommitRequest && !c.commit(b) {
			return named("OFPBFC_MSG_FAILED")
		}
	}
	m.Type++ // each reply follows its request
	c.out.send(openflow.AppendBundleControl(nil, xid, m))
	return nil
}

// bundleAdd puts a message into a bundle, and opens the bundle if there is none (as ovs-vswitchd does).
func (c *conn) bundleAdd(msg []byte) *openflow.Error {
	m, err := openflow.ParseBundleAdd(msg)
	if err != nil {
		return named("OFPBFC_MSG_BAD_LEN")
	}
	if binary.BigEndian.Uint32(m.Message[4:]) != m.XID {
		return named("OFPBFC_MSG_BAD_XID")
	}
	mod, refused := c.sw.parseMod(m.Message)
	if refused != nil {
		return refused
	}
	b := c.bundles[m.ID]
	if b == nil {
		b = &bundle{flags: m.Flags}
		c.bundles[m.ID] = b
	}
	if b.flags != m.Flags {
		return named("OFPBFC_BAD_FLAGS")
	}
	b.mods = append(b.mods, bundled{mod, msg})
	return nil
}

// commit applies a bundle, or nothing of it: then it sends the error of the first message that failed, and is false.
func (c *conn) commit(b *bundle) bool {
	t := c.sw.begin(c)
	for _, m := range b.mods {
		if refused := m.mod.apply(t); refused != nil {
			t.rollBack()
			c.refuse(m.msg, refused)
			return false
		}
	}
	t.end()
	c.sw.log.Commits++
	return true
}
