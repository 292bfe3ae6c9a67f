package source

import (
	"context"
	"time"

	"github.com/hashicorp/go-plugin"
	health "google.golang.org/grpc/health/grpc_health_v1"
)

// watchHealth asks the process again and again whether it is there, and cuts the session off when it does not answer. go-plugin's
// Ping would wait for ever.
func (s *Source) watchHealth(ctx context.Context, client health.HealthClient, cut context.CancelCauseFunc) {
	ticker := time.NewTicker(s.timing.healthEvery)
	defer ticker.Stop()
	misses := 0
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if s.healthy(ctx, client) {
			misses = 0
			continue
		}
		if misses++; misses == healthMisses {
			cut(ErrHung)
			return
		}
	}
}

func (s *Source) healthy(ctx context.Context, client health.HealthClient) bool {
	ctx, cancel := context.WithTimeout(ctx, s.timing.healthWithin)
	defer cancel()
	r, err := client.Check(ctx, &health.HealthCheckRequest{Service: plugin.GRPCServiceName})
	return err == nil && r.Status == health.HealthCheckResponse_SERVING
}
