package openflow

// A RequestForward tells of a group mod or a meter mod that another connection had the switch do (§7.4.6). The switch sends them
// once Async.RequestForward asks for them, and none of what the connection does itself.
type RequestForward struct {
	XID     uint32 // 0: nothing was asked
	Request []byte // the whole mod, header included, as the switch writes it; points into the message
}

// Reasons for a RequestForward (enum ofp_requestforward_reason), for Async.RequestForward.
const (
	ForwardGroupMods uint32 = 1 << 0
	ForwardMeterMods uint32 = 1 << 1
)

// ParseRequestForward decodes a request-forward. What is forwarded is a whole message of type TypeGroupMod or TypeMeterMod; it
// is not looked into any further.
func ParseRequestForward(msg []byte) (RequestForward, error) {
	const what = "request-forward"
	h, err := checkMessage(msg, what, TypeRequestForward, 2*HeaderLen)
	if err != nil {
		return RequestForward{}, err
	}
	f := RequestForward{XID: h.XID, Request: msg[HeaderLen:]}
	inner, _ := ParseHeader(f.Request) // it is long enough
	switch {
	case inner.Type != TypeGroupMod && inner.Type != TypeMeterMod:
		return RequestForward{}, &DecodeError{What: what, Offset: HeaderLen + 1, Reason: "of an " + inner.Type.String()}
	case int(inner.Length) != len(f.Request):
		return RequestForward{}, &DecodeError{What: what, Offset: HeaderLen + 2, Reason: "the request has another length"}
	}
	return f, nil
}

// AppendRequestForward appends a request-forward. With the 8 bytes around it, the request must not be longer than
// MaxMessageLen.
func AppendRequestForward(b []byte, f *RequestForward) []byte {
	b, start := begin(b, TypeRequestForward, f.XID)
	return end(append(b, f.Request...), start)
}
