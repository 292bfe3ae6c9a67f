package openflow

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
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
	case TypeGroupMod:
		v, err = ParseGroupMod(msg)
	case TypeMeterMod:
		v, err = ParseMeterMod(msg)
	case TypePortStatus:
		v, err = ParsePortStatus(msg)
	case TypePacketOut:
		v, err = ParsePacketOut(msg)
	case TypeSetAsync:
		v, err = ParseSetAsync(msg)
	case TypeRequestForward:
		return b.String() + describeForward(msg)
	case TypeExperimenter:
		v, err = describeExperimenter(msg)
	case TypeMultipartRequest:
		v, err = describeRequest(msg)
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

// describeValue writes structures with the names of their fields and bytes in hexadecimal.
func describeValue(v any) string {
	text := fmt.Sprintf("%+v", v)
	if r := reflect.ValueOf(v); r.Kind() == reflect.Struct {
		text = describeStruct(r)
	}
	return text
}

func describeStruct(r reflect.Value) string {
	var fields []string
	for i := range r.NumField() {
		value := r.Field(i)
		switch text := ""; {
		case r.Type().Field(i).Anonymous:
			fields = append(fields, describeStruct(value))
		default:
			switch bytes, ok := value.Interface().([]byte); {
			case ok:
				text = fmt.Sprintf("%x", bytes)
			case value.Kind() == reflect.Struct:
				text = "{" + describeStruct(value) + "}"
			default:
				text = fmt.Sprint(value.Interface())
			}
			fields = append(fields, r.Type().Field(i).Name+"="+text)
		}
	}
	return strings.Join(fields, " ")
}

func describeExperimenter(msg []byte) (any, error) {
	e, err := ParseExperimenter(msg)
	if err != nil {
		return nil, err
	}
	switch e.Type {
	case NXTTLVTableReply:
		return ParseTLVTable(msg)
	case NXTTLVTableMod:
		cmd, mappings, err := ParseTLVTableMod(msg)
		return fmt.Sprint(cmd, mappings), err
	case NXTPacketIn2:
		return ParsePacketIn(msg)
	case NXTResume:
		return ParseResume(msg)
	}
	return e, nil
}

func describeRequest(msg []byte) (any, error) {
	if len(msg) > 9 && msg[9] == byte(MultipartFlowMonitor) {
		m, remove, err := ParseFlowMonitor(msg)
		return fmt.Sprintf("%+v remove=%t", m, remove), err
	}
	return ParseFlowDescRequest(msg)
}

func describeError(msg []byte) (string, error) {
	e, err := ParseError(msg)
	if err != nil {
		return "", err
	}
	t, xid, ok := e.Offender()
	return fmt.Sprintf("%v type=%d code=%d experimenter=0x%x data=%d bytes, of %v xid=%d %t",
		e.Error(), e.Type, e.Code, e.Experimenter, len(e.Data), t, xid, ok), nil
}

// describeForward describes what is forwarded behind what it is in.
func describeForward(msg []byte) string {
	f, err := ParseRequestForward(msg)
	if err != nil {
		return err.Error()
	}
	return "forwards " + describe(f.Request)
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
		describeEntries(&b, FlowDescs(msg))
	case MultipartGroupDesc:
		for g, err := range GroupDescs(msg) {
			fmt.Fprintln(&b, describeEntry(g, err))
			describeEntries(&b, Buckets(g.Buckets))
		}
	case MultipartMeterDesc:
		for m, err := range MeterDescs(msg) {
			fmt.Fprintln(&b, describeEntry(m, err))
			describeEntries(&b, MeterBands(m.Bands))
		}
	case MultipartGroupStats:
		describeEntries(&b, GroupStatsOf(msg))
	case MultipartTableStats:
		describeEntries(&b, TableStatsOf(msg))
	case MultipartPortDesc:
		describeEntries(&b, PortDescs(msg))
	case MultipartFlowMonitor:
		describeEntries(&b, FlowUpdates(msg))
	}
	return b.String()
}

func describeEntries[T any](b *strings.Builder, all iter.Seq2[T, error]) {
	for e, err := range all {
		fmt.Fprintln(b, describeEntry(e, err))
	}
}

func describeEntry(v any, err error) string {
	if err != nil {
		return err.Error()
	}
	return describeValue(v)
}

// TestDecode holds the decoders against what ovs-vswitchd 3.1 sent.
func TestDecode(t *testing.T) { checkGolden(t, "testdata/decode.txt", describe) }

// TestDecodeDamaged cuts each message of the golden file short at each byte, once with the length in the header left as
// it is, once with it made right, and gives it each length of the inside that does not fit. No decoder may accept more
// than there is.
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

// TestRoundTrip writes what was read out of each message of ovs-vswitchd, and must get the same bytes again.
func TestRoundTrip(t *testing.T) {
	kinds := make(map[string]int)
	for _, g := range readGolden(t, "testdata/decode.txt") {
		kind, again := encodeAgain(g.msg)
		if kind == "" {
			continue
		}
		kinds[kind]++
		if string(again) != string(g.msg) {
			t.Errorf("%s:\n- want %x\n-  got %x", g.title, g.msg, again)
		}
	}
	for _, kind := range []string{"features", "error", "bundle control", "TLV table", "packet-in", "port status", "flows", "groups", "group statistics", "meters", "ports", "updates", "request-forward"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s in the golden file", kind)
		}
	}
}

// encodeAgain decodes a message that a switch sends, and encodes what it got. It returns "" for one that it does not know.
func encodeAgain(msg []byte) (kind string, again []byte) {
	h, err := ParseHeader(msg)
	if err != nil {
		return "", nil
	}
	switch h.Type {
	case TypeFeaturesReply:
		f, err := ParseFeatures(msg)
		return known("features", err), AppendFeaturesReply(nil, h.XID, f)
	case TypeError:
		e, err := ParseError(msg)
		if h.Version != Version {
			return "", nil
		}
		return known("error", err), AppendError(nil, &e)
	case TypeBundleControl:
		c, err := ParseBundleControl(msg)
		return known("bundle control", err), AppendBundleControl(nil, h.XID, c)
	case TypePortStatus:
		s, err := ParsePortStatus(msg)
		return known("port status", err), AppendPortStatus(nil, h.XID, &s)
	case TypeRequestForward:
		f, err := ParseRequestForward(msg)
		return known("request-forward", err), AppendRequestForward(nil, &f)
	case TypeExperimenter:
		if p, err := ParsePacketIn(msg); err == nil {
			return "packet-in", AppendPacketIn(nil, h.XID, &p)
		}
		table, err := ParseTLVTable(msg)
		return known("TLV table", err), AppendTLVTableReply(nil, h.XID, &table)
	case TypeMultipartReply:
		return encodeMultipartAgain(msg)
	}
	return "", nil
}

func known(kind string, err error) string {
	if err != nil {
		return ""
	}
	return kind
}

func encodeMultipartAgain(msg []byte) (kind string, again []byte) {
	m, err := ParseMultipart(msg)
	if err != nil {
		return "", nil
	}
	b, mark := BeginMultipartReply(nil, m.XID, m.Type, m.More)
	switch m.Type {
	case MultipartFlowDesc:
		kind, err = "flows", appendAll(&b, FlowDescs(msg), AppendFlowDesc)
	case MultipartGroupDesc:
		kind, err = "groups", appendAll(&b, GroupDescs(msg), AppendGroupDesc)
	case MultipartGroupStats:
		kind, err = "group statistics", appendAll(&b, GroupStatsOf(msg), AppendGroupStats)
	case MultipartMeterDesc:
		kind, err = "meters", appendAll(&b, MeterDescs(msg), AppendMeterDesc)
	case MultipartTableStats:
		kind, err = "tables", appendAll(&b, TableStatsOf(msg), func(b []byte, s *TableStats) []byte { return AppendTableStats(b, *s) })
	case MultipartPortDesc:
		kind, err = "ports", appendAll(&b, PortDescs(msg), AppendPortDesc)
	case MultipartFlowMonitor:
		kind, err = "updates", appendAll(&b, FlowUpdates(msg), AppendFlowUpdate)
	}
	return known(kind, err), EndMultipart(b, mark)
}

// appendAll appends each entry. It returns the error that ended them.
func appendAll[T any](b *[]byte, all iter.Seq2[T, error], add func([]byte, *T) []byte) error {
	for e, err := range all {
		if err != nil {
			return err
		}
		*b = add(*b, &e)
	}
	return nil
}

// TestBucketsAgain writes the buckets and bands of the golden files again.
func TestBucketsAgain(t *testing.T) {
	groups, meters := 0, 0
	for _, g := range append(readGolden(t, "testdata/decode.txt"), readGolden(t, "testdata/ofctl.txt")...) {
		for group, err := range GroupDescs(g.msg) {
			if err == nil {
				groups++
				checkBuckets(t, g.title, group.Buckets)
			}
		}
		if m, err := ParseGroupMod(g.msg); err == nil {
			checkBuckets(t, g.title, m.Buckets)
		}
		for meter, err := range MeterDescs(g.msg) {
			if err != nil {
				continue
			}
			meters++
			var again []byte
			for band, err := range MeterBands(meter.Bands) {
				if err != nil {
					t.Errorf("%s: %v", g.title, err)
				}
				again = AppendMeterBand(again, band)
			}
			if string(again) != string(meter.Bands) {
				t.Errorf("%s:\n- want %x\n-  got %x", g.title, meter.Bands, again)
			}
		}
	}
	if groups == 0 || meters == 0 {
		t.Errorf("%d groups and %d meters in the golden files", groups, meters)
	}
}

func checkBuckets(t *testing.T, title string, want []byte) {
	t.Helper()
	var again []byte
	for bucket, err := range Buckets(want) {
		if err != nil {
			t.Errorf("%s: %v", title, err)
		}
		again = AppendBucket(again, &bucket)
	}
	if string(again) != string(want) {
		t.Errorf("%s:\n- want %x\n-  got %x", title, want, again)
	}
}
