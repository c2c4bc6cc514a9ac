package recovery

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sources are the files of the recovery packages and of the provider, without tests.
func sources(t *testing.T, fset *token.FileSet) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, dir := range []string{".", "survey", "planner", "executor", "../provider"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = f
		}
	}
	return files
}

// lastName is that of a type or a constant, with or without its package.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// TestEveryRefusalHasACode looks at each refusal where it is made, and where its title is changed.
func TestEveryRefusalHasACode(t *testing.T) {
	fset, made := token.NewFileSet(), 0
	for _, f := range sources(t, fset) {
		ast.Inspect(f, func(n ast.Node) bool {
			var has []string
			switch n := n.(type) {
			case *ast.CompositeLit:
				if lastName(n.Type) != "Refusal" {
					return true
				}
				made++
				for _, field := range n.Elts {
					if pair, ok := field.(*ast.KeyValueExpr); ok {
						has = append(has, lastName(pair.Key))
					}
				}
				has = append(has, "Title")
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					has = append(has, lastName(left))
				}
			}
			if text := " " + strings.Join(has, " ") + " "; strings.Contains(text, " Title ") &&
				!strings.Contains(text, " Code ") {
				t.Errorf("%s: a refusal without a code, or a title that is changed alone", fset.Position(n.Pos()))
			}
			return true
		})
	}
	if made < 50 {
		t.Errorf("only %d refusals were found", made)
	}
}

// TestCodes wants each code to be explained, made of words, unlike all others, and used.
func TestCodes(t *testing.T) {
	fset := token.NewFileSet()
	files := sources(t, fset)
	used := map[string]int{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name]++
			}
			return true
		})
	}
	values := map[string]string{}
	for _, d := range files["codes.go"].Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec, ok := s.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				t.Fatalf("%s: not one code with its value", fset.Position(s.Pos()))
			}
			text, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s: not a literal", fset.Position(s.Pos()))
			}
			name := spec.Names[0].Name
			value, err := strconv.Unquote(text.Value)
			if err != nil || !kebab.MatchString(value) {
				t.Errorf("%s is %q", name, value)
			}
			if other := values[value]; other != "" {
				t.Errorf("%s and %s are both %q", other, name, value)
			}
			values[value] = name
			if !strings.HasPrefix(spec.Doc.Text(), name+" means that ") {
				t.Errorf("%s is not explained: %q", name, spec.Doc.Text())
			}
			if used[name] < 2 {
				t.Errorf("%s is never used", name)
			}
		}
	}
	if len(values) < 50 {
		t.Errorf("only %d codes were found", len(values))
	}
}

var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
