package openflow

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// MultipartType is the kind of a multipart request and its replies (§7.3.5).
type MultipartType uint16

// The kinds of multipart messages that flowhost uses.
const (
	MultipartFlowDesc     MultipartType = 1
	MultipartTableStats   MultipartType = 3
	MultipartGroupStats   MultipartType = 6
	MultipartGroupDesc    MultipartType = 7
	MultipartMeterDesc    MultipartType = 10
	MultipartPortDesc     MultipartType = 13
	MultipartFlowMonitor  MultipartType = 16
	MultipartExperimenter MultipartType = 0xffff
)

const multipartLen = 16

// multipartMore is OFPMPF_REPLY_MORE.
const multipartMore = 1

// A Multipart is one of the messages that a multipart reply is made of.
type Multipart struct {
	XID  uint32 // the request's
	Type MultipartType
	More bool   // another message of the same reply follows
	Body []byte // points into the message
}

// ParseMultipart decodes a multipart reply as far as all kinds of it are alike.
func ParseMultipart(msg []byte) (Multipart, error) {
	h, err := checkMessage(msg, "multipart reply", TypeMultipartReply, multipartLen)
	if err != nil {
		return Multipart{}, err
	}
	return Multipart{
		XID:  h.XID,
		Type: MultipartType(binary.BigEndian.Uint16(msg[8:])),
		More: binary.BigEndian.Uint16(msg[10:])&multipartMore != 0,
		Body: msg[multipartLen:],
	}, nil
}

// entries goes through the entries of one message of a multipart reply of type t; take takes one from the walker.
func entries[T any](msg []byte, what string, t MultipartType, take func(*walker) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w, err := multipart(msg, what, t)
		for err == nil && w.left() > 0 {
			var e T
			if e, err = take(&w); err == nil && !yield(e, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// multipart checks that msg is a multipart reply of type t and returns a walker at its first entry.
func multipart(msg []byte, what string, t MultipartType) (walker, error) {
	m, err := ParseMultipart(msg)
	if err != nil {
		return walker{}, err
	}
	if m.Type != t {
		return walker{}, &DecodeError{What: what, Offset: 8, Reason: fmt.Sprintf("multipart type %d", m.Type)}
	}
	return walker{msg: msg, off: multipartLen, end: len(msg), what: what}, nil
}

// beginMultipart appends the front part of a multipart message; t is TypeMultipartRequest or TypeMultipartReply.
func beginMultipart(b []byte, t Type, xid uint32, mt MultipartType, more bool) ([]byte, int) {
	b, start := begin(b, t, xid)
	b = binary.BigEndian.AppendUint16(b, uint16(mt))
	if more {
		return append(b, 0, multipartMore, 0, 0, 0, 0), start
	}
	return append(b, zeros[:6]...), start
}

// BeginMultipartReply appends the front part of one message of a multipart reply; more says that another follows. What
// follows is the entries, and then EndMultipart with the returned mark.
func BeginMultipartReply(b []byte, xid uint32, t MultipartType, more bool) (_ []byte, mark int) {
	return beginMultipart(b, TypeMultipartReply, xid, t, more)
}

// EndMultipart ends the multipart message that began at mark. It must not be longer than MaxMessageLen.
func EndMultipart(b []byte, mark int) []byte { return end(b, mark) }
