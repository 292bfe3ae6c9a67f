package openflow

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// describe says in text what the decoder for a message makes of it.
func describe(msg []byte) string {
	h, err := ParseHeader(msg)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v xid=%d\n", h.Type, h.XID)
	var v any
	switch h.Type {
	case TypeHello:
		v, err = ParseHello(msg)
	case TypeError:
		v, err = describeError(msg)
	case TypeFeaturesReply:
		v, err = ParseFeatures(msg)
	case TypeFlowMod:
		v, err = ParseFlowMod(msg)
	case TypeBundleControl:
		v, err = ParseBundleControl(msg)
	case TypeBundleAdd:
		v, err = ParseBundleAdd(msg)
	case TypeMultipartReply:
		return b.String() + describeMultipart(msg)
	}
	switch {
	case err != nil:
		fmt.Fprintln(&b, err)
	case v != nil:
		fmt.Fprintf(&b, "%s\n", describeValue(v))
	}
	return b.String()
}

func describeValue(v any) string { return strings.ReplaceAll(fmt.Sprintf("%+v", v), "\n", " ") }

func describeError(msg []byte) (string, error) {
	e, err := ParseError(msg)
	if err != nil {
		return "", err
	}
	t, xid, ok := e.Offender()
	return fmt.Sprintf("%v type=%d code=%d experimenter=0x%x data=%d bytes, of %v xid=%d %t",
		e.Error(), e.Type, e.Code, e.Experimenter, len(e.Data), t, xid, ok), nil
}

func describeMultipart(msg []byte) string {
	m, err := ParseMultipart(msg)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "multipart %d more=%t\n", m.Type, m.More)
	switch m.Type {
	case MultipartFlowDesc:
		for d, err := range FlowDescs(msg) {
			fmt.Fprintln(&b, describeEntry(d, err))
		}
	case MultipartPortDesc:
		for p, err := range PortDescs(msg) {
			fmt.Fprintln(&b, describeEntry(p, err))
		}
	}
	return b.String()
}

func describeEntry(v any, err error) string {
	if err != nil {
		return err.Error()
	}
	if d, ok := v.(FlowDesc); ok { // bytes in hexadecimal
		return fmt.Sprintf("table=%d priority=%d cookie=%#x idle=%d hard=%d importance=%d flags=%d match=%x instructions=%x duration=%v idle=%v packets=%d bytes=%d",
			d.Table, d.Priority, uint64(d.Cookie), d.IdleTimeout, d.HardTimeout, d.Importance, d.Flags, d.Match, d.Instructions,
			d.Duration, d.Idle, d.Packets, d.Bytes)
	}
	return describeValue(v)
}

// TestDecode holds the decoders against what ovs-vswitchd 3.1 sent.
func TestDecode(t *testing.T) { checkGolden(t, "testdata/decode.txt", describe) }

// TestDecodeDamaged cuts each message of the golden file short at each byte, once with the length in the header left as it is, once
// with it made right, and gives it each length of the inside that does not fit. No decoder may accept more than there is.
func TestDecodeDamaged(t *testing.T) {
	for _, g := range readGolden(t, "testdata/decode.txt") {
		for n := range g.msg {
			msg := append([]byte(nil), g.msg[:n]...)
			if text := describe(msg); n >= HeaderLen && !strings.Contains(text, "malformed") {
				t.Fatalf("%s, cut to %d bytes: accepted: %s", g.title, n, text)
			}
			if n >= HeaderLen {
				msg[2], msg[3] = byte(n>>8), byte(n)
				describe(msg)
			}
		}
	}
}

// TestDecodeErrorIs tells a decoding error by its sentinel, whatever decoder it is from.
func TestDecodeErrorIs(t *testing.T) {
	msg := AppendBarrierRequest(nil, 1)
	var errs []error
	_, err := ParseFeatures(msg)
	errs = append(errs, err)
	_, err = ParseError(msg[:4])
	errs = append(errs, err)
	for _, err := range FlowDescs(msg) {
		errs = append(errs, err)
	}
	for _, err := range PortDescs(nil) {
		errs = append(errs, err)
	}
	if len(errs) != 4 {
		t.Fatalf("want an error of each decoder, got %v", errs)
	}
	for _, err := range errs {
		var d *DecodeError
		if !errors.Is(err, ErrMessage) || !errors.As(err, &d) || d.What == "" {
			t.Errorf("%v is not a DecodeError that Is ErrMessage", err)
		}
	}
}

// TestFlowDescRoundTrip writes what the golden file's flow dumps say, and must get the bytes of ovs-vswitchd again.
func TestFlowDescRoundTrip(t *testing.T) {
	dumps := 0
	for _, g := range readGolden(t, "testdata/decode.txt") {
		m, err := ParseMultipart(g.msg)
		if err != nil || m.Type != MultipartFlowDesc {
			continue
		}
		dumps++
		b, mark := BeginFlowDescReply(nil, m.XID, m.More)
		for d := range FlowDescs(g.msg) {
			b = AppendFlowDesc(b, &d)
		}
		if b = EndFlowDescReply(b, mark); string(b) != string(g.msg) {
			t.Errorf("%s:\n- want %x\n-  got %x", g.title, g.msg, b)
		}
	}
	if dumps == 0 {
		t.Error("no flow dump in the golden file")
	}
}
