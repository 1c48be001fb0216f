package chart

// Palette gives each colour token of an option its colour. The names are
// those of the CSS variables --hs-NAME in the stylesheet.
type Palette map[string]string

// The two palettes. Text tokens reach WCAG AA contrast on their surface, marks
// reach 3:1; the six series differ in lightness as well as hue.
var (
	Light = Palette{
		"ink": "#1b1e27", "muted": "#5b6170", "grid": "#eceef2", "line": "#c9cdd6", "surface": "#ffffff",
		"accent": "#4653c5", "band": "#dfe2f7", "signal": "#b42318", "limit": "#6b7180", "hatch": "#dcdfe6",
		"s1": "#4653c5", "s2": "#b45309", "s3": "#0f766e", "s4": "#a21caf", "s5": "#5b6170", "s6": "#9f1239",
	}
	Dark = Palette{
		"ink": "#e8eaf0", "muted": "#a0a6b5", "grid": "#262a34", "line": "#3b404d", "surface": "#16181f",
		"accent": "#98a2ff", "band": "#2b3159", "signal": "#ff8f7a", "limit": "#8d94a5", "hatch": "#343946",
		"s1": "#98a2ff", "s2": "#f0a95b", "s3": "#5ed0c0", "s4": "#e58bf0", "s5": "#a0a6b5", "s6": "#ff8fae",
	}
)

// maxSeries is how many lines one picture may have.
const maxSeries = 6

var seriesTokens = [maxSeries]string{"@s1", "@s2", "@s3", "@s4", "@s5", "@s6"}
