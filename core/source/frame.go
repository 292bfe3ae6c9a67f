package source

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that this one stands before
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// frame receives the messages of a source. Nearly all of what comes is transactions with a flow an operation, and the generated decoder
// makes six allocations for each: frame decodes them into the same memory again and again. So what it gives is valid until the next
// message only.
type frame struct {
	bytes   []byte
	message *pb.SourceMessage
	decoder decoder
}

// frameCodec decodes into frames, and whatever else as gRPC always does.
type frameCodec struct{ encoding.CodecV2 }

func newFrameCodec() encoding.CodecV2 { return frameCodec{encoding.GetCodecV2("proto")} }

func (c frameCodec) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if n := data.Len(); cap(f.bytes) < n {
		f.bytes = make([]byte, n)
	} else {
		f.bytes = f.bytes[:n]
	}
	data.CopyTo(f.bytes)
	return f.decode()
}

// decode decodes f.bytes.
func (f *frame) decode() (err error) {
	const txnField = 2
	num, typ, n := protowire.ConsumeTag(f.bytes)
	if n > 0 && num == txnField && typ == protowire.BytesType {
		if txn, m := protowire.ConsumeBytes(f.bytes[n:]); m > 0 && n+m == len(f.bytes) {
			f.message, err = f.decoder.message(txn)
			return err
		}
	}
	f.message = new(pb.SourceMessage)
	return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(f.bytes, f.message)
}
