package chart

import "embed"

// Assets holds what a browser needs to draw options: ECharts and option.js,
// at the paths below.
//
//go:embed assets
var Assets embed.FS

// The paths in Assets.
const (
	EChartsPath = "assets/vendor/echarts-6.1.0/echarts.min.js"
	OptionPath  = "assets/option.js"
)
