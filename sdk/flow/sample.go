package flow

import (
	"errors"
	"strconv"
)

// SampleOptions say which packets are sampled and what collectors hear of them (ovs-actions(7), The sample action).
type SampleOptions struct {
	Probability  uint16 // of 65,535; at least 1
	CollectorSet uint32
	Domain       uint32 // observation domain id
	Point        uint32 // observation point id
	Port         Port   // where the packet is sampled; 0 is none
	Direction    SampleDirection
}

// SampleDirection says whether a packet is sampled where it comes in or where it goes out.
type SampleDirection uint8

// The directions.
const (
	SampleDefault SampleDirection = iota
	SampleIngress
	SampleEgress
)

const noSamplingPort = 0xffff

var errSample = errors.New("probability must be at least 1, direction ingress or egress")

// Sample reports packets to the collectors of a set.
func Sample(o SampleOptions) Action {
	port := uint16(o.Port)
	if o.Port == 0 {
		port = noSamplingPort
	}
	s := sample{o.Probability, o.CollectorSet, o.Domain, o.Point, port, o.Direction}
	if err := s.check(); err != nil {
		return Action{err: err}
	}
	var w rewriter
	w.putSample(&s)
	return Action{wire: string(w.out)}
}

// sample is NXAST_SAMPLE, NXAST_SAMPLE2 or NXAST_SAMPLE3.
type sample struct {
	probability        uint16
	set, domain, point uint32
	port               uint16 // OpenFlow 1.0 number, noSamplingPort for none
	direction          SampleDirection
}

func (s *sample) check() error {
	if s.probability == 0 || s.direction > SampleEgress {
		return errSample
	}
	return nil
}

// readSample takes the three apart: probability(2) collector_set_id(4) obs_domain_id(4) obs_point_id(4), and in the later two
// sampling_port(2) direction(1, in the last only) zeros.
func readSample(a string) (sample, error) {
	want := 32
	if be16(a, 8) == subSample {
		want = 24
	}
	if len(a) != want {
		return sample{}, errLength
	}
	s := sample{probability: be16(a, 10), set: be32(a, 12), domain: be32(a, 16), point: be32(a, 20), port: noSamplingPort}
	if want == 32 {
		s.port = be16(a, 24)
	}
	if be16(a, 8) == subSample3 {
		s.direction = SampleDirection(a[26])
	}
	return s, s.check()
}

func (w *rewriter) sample(a string) error {
	s, err := readSample(a)
	if err != nil {
		return err
	}
	w.putSample(&s)
	return nil
}

// putSample writes the oldest form that can say it.
func (w *rewriter) putSample(s *sample) {
	subtype, n := subSample, 24
	switch {
	case s.direction != SampleDefault:
		subtype, n = subSample3, 32
	case s.port != noSamplingPort:
		subtype, n = subSample2, 32
	}
	w.nicira(subtype, n)
	w.uint(uint64(s.probability)<<32|uint64(s.set), 6)
	w.uint(uint64(s.domain)<<32|uint64(s.point), 8)
	if n == 32 {
		w.uint(uint64(s.port)<<48|uint64(s.direction)<<40, 8)
	}
}

func appendSample(b []byte, a string) []byte {
	s, _ := readSample(a)
	b = strconv.AppendUint(append(b, "sample(probability="...), uint64(s.probability), 10)
	b = strconv.AppendUint(append(b, ",collector_set_id="...), uint64(s.set), 10)
	b = strconv.AppendUint(append(b, ",obs_domain_id="...), uint64(s.domain), 10)
	b = strconv.AppendUint(append(b, ",obs_point_id="...), uint64(s.point), 10)
	if s.port != noSamplingPort {
		b = appendPort(append(b, ",sampling_port="...), port32(s.port))
	}
	switch s.direction {
	case SampleIngress:
		b = append(b, ",ingress"...)
	case SampleEgress:
		b = append(b, ",egress"...)
	}
	return append(b, ')')
}

// parseSample reads "(probability=…,…)".
func parseSample(arg argument) (Action, error) {
	var o SampleOptions
	err := arg.each(func(arg argument) (err error) {
		var v uint64
		switch arg.key {
		case "probability":
			v, err = parseUint(arg.value, 16)
			o.Probability = uint16(v)
		case "collector_set_id":
			v, err = parseUint(arg.value, 32)
			o.CollectorSet = uint32(v)
		case "obs_domain_id":
			v, err = parseUint(arg.value, 32)
			o.Domain = uint32(v)
		case "obs_point_id":
			v, err = parseUint(arg.value, 32)
			o.Point = uint32(v)
		case "sampling_port":
			var p uint32
			p, err = parsePort(arg.value)
			o.Port = Port(p)
		case "ingress":
			o.Direction = SampleIngress
		case "egress":
			o.Direction = SampleEgress
		default:
			err = errArgument
		}
		return err
	})
	return Sample(o), err
}
