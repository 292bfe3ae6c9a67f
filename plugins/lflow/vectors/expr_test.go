package vectors

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

// exprCase is an expression and what becomes of it. What a file does not have is nil.
type exprCase struct {
	Input      string
	OK         *bool
	Stage      string // of expr_parse: which stage Expected is of
	Expected   string
	Error      string
	ErrorStage string `json:"error_stage"`

	Parse, Annotate, Simplify, Normalize *string

	Flows       []string
	FlowDetails []flowDetail `json:"flow_details"`
	ConjIDs     *int         `json:"n_conj_ids"`
	MaxFlows    *int         `json:"max_flows"`
}

type flowDetail struct {
	Match, OXM, Text string
	Conjunctions     []struct {
		ID, Clause int
		NClauses   int `json:"n_clauses"`
	}
}

// stages is an expression at each stage, as far as it came.
type stages struct {
	texts   map[string]string
	err     error
	failed  string // the stage of err
	matches []expr.Match
	conjIDs int
}

// compile runs an expression through all stages.
func compile(v *version, env *expr.Env, input string) *stages {
	s := &stages{texts: make(map[string]string)}
	e, err := expr.Parse(input, env)
	note := func(stage string) bool {
		if err != nil {
			s.err, s.failed = err, stage
			return false
		}
		s.texts[stage] = e.String()
		return true
	}
	if !note("parse") {
		return s
	}
	if err = e.Annotate(env.Symtab); !note("annotate") {
		return s
	}
	e.Simplify(v.dialect.Negation)
	e.EvaluateConditions(v.resident())
	note("simplify")
	if err = e.Normalize(v.dialect, 0); !note("normalize") {
		return s
	}
	s.conjIDs = e.ConjunctionCount(v.port)
	s.matches, err = e.Matches(v.dialect, &expr.MatchOptions{Port: v.port})
	note("flows")
	return s
}

// checkExprStage is for cases of one stage.
func checkExprStage(v *version) check {
	env := v.env()
	return func(line []byte) error {
		var c exprCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		s := compile(v, env, c.Input)
		if c.Error != "" || c.OK != nil && !*c.OK {
			return checkError(s, c.Error)
		}
		got, ok := s.texts[c.Stage]
		if !ok {
			return fmt.Errorf("fails at stage %s: %w", s.failed, s.err)
		}
		return differs(c.Stage, got, c.Expected)
	}
}

func checkError(s *stages, want string) error {
	if s.err == nil {
		return fmt.Errorf("no error, and it should be %s", want)
	}
	return differs("error", s.err.Error(), want)
}

// checkExprStages is for cases with all stages.
func checkExprStages(v *version) check {
	env := v.env()
	return func(line []byte) error {
		var c exprCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		s := compile(v, env, c.Input)
		var errs []error
		for _, stage := range []struct {
			name string
			want *string
		}{{"parse", c.Parse}, {"annotate", c.Annotate}, {"simplify", c.Simplify}, {"normalize", c.Normalize}} {
			if stage.want != nil {
				errs = append(errs, differs(stage.name, s.texts[stage.name], *stage.want))
			}
		}
		if c.Error != "" {
			errs = append(errs, checkError(s, c.Error))
			if c.ErrorStage != "" {
				errs = append(errs, differs("stage of the error", s.failed, c.ErrorStage))
			}
			return errors.Join(errs...)
		}
		return errors.Join(append(errs, checkFlows(s, &c))...)
	}
}

// checkExprFlows is for cases with flows alone.
func checkExprFlows(v *version) check {
	env := v.env()
	return func(line []byte) error {
		var c exprCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		return checkFlows(compile(v, env, c.Input), &c)
	}
}

func checkFlows(s *stages, c *exprCase) error {
	if s.err != nil {
		return s.err
	}
	if c.MaxFlows != nil {
		if len(s.matches) > *c.MaxFlows {
			return fmt.Errorf("%d flows, and there should be at most %d", len(s.matches), *c.MaxFlows)
		}
		return nil
	}
	lines := make([]string, len(s.matches))
	for i := range s.matches {
		if !s.matches[i].Match.IsCanonical() {
			return fmt.Errorf("%s is not canonical", s.matches[i].Match)
		}
		lines[i] = s.matches[i].Text()
	}
	slices.Sort(lines)
	if err := differs("flows", strings.Join(lines, "\n\t"), strings.Join(c.Flows, "\n\t")); err != nil {
		return err
	}
	if c.ConjIDs != nil && *c.ConjIDs != s.conjIDs {
		return fmt.Errorf("%d conjunction ids instead of %d", s.conjIDs, *c.ConjIDs)
	}
	return checkDetails(s, c)
}

// checkDetails compares the bytes. Those of the vectors are what Open vSwitch writes, in another order.
func checkDetails(s *stages, c *exprCase) error {
	if c.FlowDetails == nil {
		return nil
	}
	byText := make(map[string]*expr.Match)
	for i := range s.matches {
		byText[s.matches[i].Text()] = &s.matches[i]
	}
	for _, d := range c.FlowDetails {
		m := byText[d.Text]
		if m == nil {
			return fmt.Errorf("no flow %s", d.Text)
		}
		want, err := matchOf(d.OXM)
		if err != nil {
			return fmt.Errorf("%s: %w", d.Text, err)
		}
		if err := differs("match of "+d.Text, hex.EncodeToString([]byte(m.Match)), hex.EncodeToString([]byte(want))); err != nil {
			return err
		}
		if err := differs("conjunctions of "+d.Text, fmt.Sprint(m.Conjunctions), conjunctionsOf(&d)); err != nil {
			return err
		}
	}
	return nil
}

func conjunctionsOf(d *flowDetail) string {
	var list []flow.Conj
	for _, c := range d.Conjunctions {
		list = append(list, flow.Conj{ID: uint32(c.ID), Clause: uint8(c.Clause), Clauses: uint8(c.NClauses)})
	}
	return fmt.Sprint(list)
}

// matchOf is the canonical form of an ofp_match in hexadecimal.
func matchOf(text string) (flow.Match, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return "", err
	}
	if len(b) < 4 {
		return "", fmt.Errorf("%s is too short for an ofp_match", text)
	}
	length := int(b[2])<<8 | int(b[3])
	if length < 4 || length > len(b) {
		return "", fmt.Errorf("%s has a wrong length", text)
	}
	return flow.CanonicalMatch(b[4:length])
}
