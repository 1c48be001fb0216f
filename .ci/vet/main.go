// Command vet is the analysers beside those of go vet in one program, so that
// each package is parsed and understood once for all of them: that, and not
// looking, is what takes their time. It runs as go vet -vettool.
package main

import (
	"github.com/jingyugao/rowserrcheck/passes/rowserr"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/ryanrolds/sqlclosecheck/pkg/analyzer"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(rowserr.NewAnalyzer(), analyzer.NewAnalyzer(), bodyclose.Analyzer, errorlint.NewAnalyzer())
}
