package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"

	"github.com/dop251/goja"
)

// Static draws charts to SVG on the server with the same library and the same
// option as the browser. The zero value is ready; the library is compiled on
// first use. It is safe for use by many goroutines, one of which draws at a
// time.
type Static struct {
	mu   sync.Mutex
	vm   *goja.Runtime
	draw goja.Callable
}

// errNoFunction is a library file that does not define what it should.
var errNoFunction = errors.New("the chart library has no such function")

// drawJS has timers that never ring: nothing here is animated.
const drawJS = `function setTimeout() { return 0; }
function clearTimeout() {}
function draw(json, palette, width, height) {
  const chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width: width, height: height});
  try {
    chart.setOption(hanseiOption(JSON.parse(json), JSON.parse(palette)));
    return chart.renderToSVGString();
  } finally { chart.dispose(); }
}`

// SVG draws a chart, width by c.Height pixels.
func (s *Static) SVG(ctx context.Context, c Chart, p Palette, width int) (string, error) {
	option, err := c.JSON()
	if err != nil {
		return "", err
	}
	palette, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("palette: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	if err := s.load(); err != nil {
		return "", fmt.Errorf("load chart library: %w", err)
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.vm.Interrupt(ctx.Err()); close(interrupted) })
	out, err := s.draw(goja.Undefined(), s.vm.ToValue(option), s.vm.ToValue(string(palette)), s.vm.ToValue(width), s.vm.ToValue(c.Height))
	if !stop() {
		<-interrupted
		s.vm.ClearInterrupt()
	}
	if err != nil {
		return "", fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	return rename(out.String(), c.ID), nil
}

// ids are the names that the library gives to clip paths, patterns and classes.
var ids = regexp.MustCompile(`\bzr\d+-\w+(?:-\d+)?`)

// rename numbers the ids of a picture from one under the chart's own name. The
// library counts on from picture to picture; this way every drawing of a chart
// is the same, and several can stand in one document.
func rename(svg, id string) string {
	names := map[string]string{}
	return ids.ReplaceAllStringFunc(svg, func(old string) string {
		if names[old] == "" {
			names[old] = id + "-" + strconv.Itoa(len(names)+1)
		}
		return names[old]
	})
}

// load compiles the library once.
func (s *Static) load() error {
	if s.draw != nil {
		return nil
	}
	vm := goja.New()
	for _, path := range []string{EChartsPath, OptionPath} {
		src, err := Assets.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if _, err := vm.RunScript(path, string(src)); err != nil {
			return fmt.Errorf("run %s: %w", path, err)
		}
	}
	if _, err := vm.RunString(drawJS); err != nil {
		return fmt.Errorf("run draw: %w", err)
	}
	draw, ok := goja.AssertFunction(vm.Get("draw"))
	if !ok {
		return fmt.Errorf("draw: %w", errNoFunction)
	}
	s.vm, s.draw = vm, draw
	return nil
}
