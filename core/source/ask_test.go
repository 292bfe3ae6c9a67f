package source

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
)

// answering answers some questions, and others never.
var answering = sdk.Info{
	Name: "answering", Version: "1",
	Describe: func(ctx context.Context, id uuid.UUID) (sdk.Description, error) {
		if id == testUUID(1) {
			return sdk.Description{Text: "flow one"}, nil
		}
		select {}
	},
	Commands: map[string]func(context.Context, []string) (string, error){
		"say": func(_ context.Context, args []string) (string, error) { return strings.Join(args, " "), nil },
		"die": func(context.Context, []string) (string, error) { os.Exit(3); return "", nil },
	},
}

func TestSourceThatNeverAnswers(t *testing.T) {
	r := startSource(t, "answering", "FLOWS=10")
	r.synced()
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			began := time.Now()
			if _, err := r.Describe(ctx, testUUID(2)); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v, want ErrNoAnswer", err)
			}
			if took := time.Since(began); took > answerWithin/2 {
				t.Errorf("the asker waited %v", took)
			}
		})
	}
	if d, err := r.Describe(t.Context(), testUUID(1)); err != nil || d.Text != "flow one" { // others are answered meanwhile
		t.Errorf("described as %+v, %v", d, err)
	}
	asking.Wait()
	if text, err := r.Command(t.Context(), "say", "a", "b"); err != nil || text != "a b" {
		t.Errorf("say: %q, %v", text, err)
	}
	if open := len(r.session.Load().asked.open); open != 0 {
		t.Errorf("%d questions are still open", open)
	}
	if st := r.State(); st.Restarts != 0 || st.Phase != Synced {
		t.Errorf("state %+v", st)
	}
}

func TestSourceThatDiesInsteadOfAnswering(t *testing.T) {
	r := startSource(t, "answering")
	if st := r.synced(); len(st.Commands) != 2 || st.Commands[0] != "die" {
		t.Errorf("commands %v", st.Commands)
	}
	if _, err := r.Command(t.Context(), "die"); !errors.Is(err, ErrNoSession) {
		t.Errorf("err = %v, want ErrNoSession", err)
	}
	if _, err := r.Command(t.Context(), "live"); !errors.Is(err, ErrCannot) && !errors.Is(err, ErrNoSession) {
		t.Errorf("err = %v, want ErrCannot", err)
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	q, told := newQuestions(), newOutbox(func(error) {})
	for range maxAsked {
		if _, _, err := q.begin(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.ask(t.Context(), told, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("err = %v, want ErrBusy", err)
	}
	q.answered(maxAsked+5, nil) // one that nobody asked
	q.close()
	if _, err := q.ask(t.Context(), told, nil); !errors.Is(err, ErrNoSession) {
		t.Errorf("err = %v, want ErrNoSession", err)
	}
}
