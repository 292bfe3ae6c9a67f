package source

import (
	"github.com/hashicorp/go-hclog"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

var levels = map[pb.LogLevel]hclog.Level{
	pb.LogLevel_LOG_LEVEL_TRACE: hclog.Trace,
	pb.LogLevel_LOG_LEVEL_DEBUG: hclog.Debug,
	pb.LogLevel_LOG_LEVEL_INFO:  hclog.Info,
	pb.LogLevel_LOG_LEVEL_WARN:  hclog.Warn,
	pb.LogLevel_LOG_LEVEL_ERROR: hclog.Error,
}

// note writes a line of the source into the host's log, if there were not too many.
func (s *session) note(l *pb.Log) {
	if l.Dropped > 0 {
		s.log.Warn("the plugin dropped lines of its log", "lines", l.Dropped)
	}
	if !s.notes.allowed() {
		return
	}
	level, ok := levels[l.Level]
	if !ok {
		level = hclog.Info
	}
	fields := make([]any, len(l.Fields))
	for i, f := range l.Fields {
		fields[i] = f
	}
	log := s.log
	if l.Logger != "" {
		log = log.Named(l.Logger)
	}
	log.Log(level, l.Message, fields...)
}

// wireLevel is the lowest level that logger writes.
func wireLevel(logger hclog.Logger) pb.LogLevel {
	for wire := pb.LogLevel_LOG_LEVEL_TRACE; wire < pb.LogLevel_LOG_LEVEL_ERROR; wire++ {
		if logger.GetLevel() <= levels[wire] {
			return wire
		}
	}
	return pb.LogLevel_LOG_LEVEL_ERROR
}
