package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestMain makes the test binary the plugin, too.
func TestMain(m *testing.M) {
	if os.Getenv(pb.MagicCookieKey) != "" {
		play(os.Getenv("PLAY"))
		return
	}
	goleak.VerifyTestMain(m)
}

// play runs a plugin, most of them with a defect.
func play(script string) {
	run := dropAll("192.0.2.1", "192.0.2.2")
	switch script {
	case "prints":
		fmt.Println("starting up")
	case "never syncs":
		run = func(ctx context.Context, _ *sdk.Host) error { <-ctx.Done(); return nil }
	case "wants others each time":
		run = dropAll(fmt.Sprintf("192.0.2.%d", rand.IntN(200)), fmt.Sprintf("198.51.100.%d", rand.IntN(200)))
	case "deaf to resync":
		ok := run
		run = func(ctx context.Context, h *sdk.Host) error {
			events := h.Events()
			if err := ok(ctx, h); err != nil {
				return err
			}
			for range events {
			}
			return nil
		}
	}
	sdk.Serve(sdk.Info{Name: "test", Version: "1"}, run)
}

// dropAll is a source that drops what goes to the addresses.
func dropAll(addresses ...string) func(context.Context, *sdk.Host) error {
	return func(ctx context.Context, h *sdk.Host) error {
		txn := h.Begin()
		for _, a := range addresses {
			f, err := flow.ParseFlow("table=3,priority=900,ip,nw_dst=" + a + " actions=drop")
			if err != nil {
				return err
			}
			txn.Set(uuid.NewSHA1(uuid.Nil, []byte(a)), f)
		}
		if _, err := txn.CommitAndWait(ctx); err != nil {
			return err
		}
		_, err := h.SyncDone(ctx)
		return err
	}
}

func TestGolden(t *testing.T) {
	h := sdktest.Start(t, sdktest.Options{Slot: 7}, dropAll("192.0.2.2", "192.0.2.1"))
	h.WaitSynced()
	h.Golden("testdata/drop.txt")
}

func TestRestartSendsOnlyDifferences(t *testing.T) {
	wanted := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, host *sdk.Host) error {
		return dropAll(wanted...)(ctx, host)
	})
	h.WaitSynced()
	if n := h.Sent(); n != 3 {
		t.Errorf("%d flow_mods sent, want 3", n)
	}
	h.CutSwitch()
	h.Restart()
	h.WaitSynced()
	if n := h.Sent(); n != 3 {
		t.Errorf("%d flow_mods sent after a restart, want 3", n)
	}
	h.Stop()
	if n := strings.Count(h.Flows(), "\n"); n != 3 {
		t.Errorf("%d flows after the stop, want 3", n)
	}
}

func TestErrorsAreTheHosts(t *testing.T) {
	narrow := sdktest.Options{Tables: []sdk.Range{{First: 7, Last: 9}}}
	h := sdktest.Start(t, narrow, func(ctx context.Context, host *sdk.Host) error {
		err := dropAll("192.0.2.1")(ctx, host)
		if !errors.Is(err, sdk.ErrFenced) {
			t.Errorf("err = %v, want ErrFenced", err)
		}
		return err
	})
	if got := h.WaitFailed(); !strings.Contains(got, "table 3") {
		t.Errorf("failed with %s", got)
	}

	full := sdktest.Start(t, sdktest.Options{MaxFlows: 1}, dropAll("192.0.2.1", "192.0.2.2"))
	if got := full.WaitFailed(); !strings.Contains(got, "quota") {
		t.Errorf("failed with %s", got)
	}
}

func TestRefusedFlow(t *testing.T) {
	refused := make(chan error, 1)
	start := make(chan struct{})
	h := sdktest.Start(t, sdktest.Options{}, func(ctx context.Context, host *sdk.Host) error {
		<-start
		err := dropAll("192.0.2.1", "192.0.2.2")(ctx, host)
		refused <- err
		return nil
	})
	h.Refuse(func(f flow.Flow) bool { return strings.Contains(f.String(), "192.0.2.2") })
	close(start)
	if err := <-refused; !errors.Is(err, sdk.ErrRefused) || !strings.Contains(err.Error(), "OFPBAC_BAD_OUT_GROUP") {
		t.Errorf("err = %v, want ErrRefused", err)
	}
	h.WaitSettled()
	if got := h.Flows(); strings.Count(got, "\n") != 1 {
		t.Errorf("flows:\n%s", got)
	}
}

func TestStatusAndLog(t *testing.T) {
	h := sdktest.Start(t, sdktest.Options{Owner: "mine", Bridge: "br0"}, func(ctx context.Context, host *sdk.Host) error {
		host.Logger().Info("hello", "owner", host.Owner(), "bridge", host.Bridge())
		host.Status(true, "fine")
		_, err := host.SyncDone(ctx)
		return err
	})
	h.WaitSynced()
	if ready, text := h.Status(); !ready || text != "fine" {
		t.Errorf("status = %v, %q", ready, text)
	}
	h.WaitLog("hello: plugin=mine owner=mine bridge=br0")
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, sdktest.Plugin{Path: self(t)})
}

// TestDefective is run by TestConformanceFindsDefects, in a process of its own: it is meant to fail.
func TestDefective(t *testing.T) {
	if script := os.Getenv("DEFECT"); script != "" {
		sdktest.Conformance(t, sdktest.Plugin{
			Options: sdktest.Options{Patience: 12 * time.Second}, Path: self(t), Env: []string{"PLAY=" + script},
		})
	}
}

func TestConformanceFindsDefects(t *testing.T) {
	for defect, check := range map[string]string{
		"prints":                 "it starts and syncs",
		"never syncs":            "it starts and syncs",
		"wants others each time": "killed, it wants the same",
		"deaf to resync":         "asked to resync, it wants the same",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(self(t), "-test.run=^TestDefective$")
			cmd.Env = append(os.Environ(), "DEFECT="+defect)
			out, err := cmd.CombinedOutput()
			if want := "--- FAIL: TestDefective/" + strings.ReplaceAll(check, " ", "_"); err == nil || !strings.Contains(string(out), want) {
				t.Errorf("err = %v, want %q in\n%s", err, want, out)
			}
		})
	}
}
