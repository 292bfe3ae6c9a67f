package sdk

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write api/sdk-v1.txt anew instead of comparing with it")

// apiFile is the exported API of the packages that authors of sources use. It changes only on purpose, and then only grows.
const apiFile = "../api/sdk-v1.txt"

func TestAPI(t *testing.T) {
	var api strings.Builder
	for _, dir := range []string{".", "sdktest"} {
		for _, decl := range exported(t, dir) {
			api.WriteString(decl)
		}
	}
	if *rewrite {
		if err := os.WriteFile(apiFile, []byte(api.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	if api.String() != string(want) {
		t.Errorf("the exported API is not what %s says. If that is meant: go test ./sdk -run TestAPI -rewrite, and look at the difference", apiFile)
	}
}

// exported returns the exported declarations of the package in dir, sorted, each with the package's name in front.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	var list []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, decl := range file.Decls {
			if text := apiText(t, fset, decl); text != "" {
				list = append(list, file.Name.Name+": "+text+"\n")
			}
		}
	}
	slices.Sort(list)
	return list
}

// apiText prints a declaration without bodies and comments; "" for imports, and for methods of types that are not exported.
func apiText(t *testing.T, fset *token.FileSet, decl ast.Decl) string {
	t.Helper()
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && !ast.IsExported(strings.TrimLeft(types.ExprString(d.Recv.List[0].Type), "*")) {
			return ""
		}
		d.Body = nil
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return ""
		}
	}
	var text bytes.Buffer
	if err := printer.Fprint(&text, fset, decl); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
