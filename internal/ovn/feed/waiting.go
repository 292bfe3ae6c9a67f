package feed

// waiting are marks that are said once everything is known: of each name the last.
type waiting struct {
	values map[string]string
	names  []string // in the order they came. Invariant: those of values, each once.
}

func (w *waiting) put(marks ...Mark) {
	if w.values == nil {
		w.values = map[string]string{}
	}
	for _, m := range marks {
		if _, is := w.values[m.Name]; !is {
			w.names = append(w.names, m.Name)
		}
		w.values[m.Name] = m.Value
	}
}

// take returns the first, at most max.
func (w *waiting) take(max int) []Mark {
	n := min(max, len(w.names))
	marks := make([]Mark, n)
	for i, name := range w.names[:n] {
		marks[i] = Mark{Name: name, Value: w.values[name]}
		delete(w.values, name)
	}
	if w.names = w.names[n:]; len(w.names) == 0 {
		w.names = nil
	}
	return marks
}
