package cli

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) factorAgreement() *cobra.Command {
	return &cobra.Command{Use: "agreement", Short: "How far two raters agree on each factor (Cohen's κ over retrospectives that were coded twice)", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			list, err := c.FactorAgreement(ctx)
			if err != nil {
				return err
			}
			return p.objects(each(list), []string{"factor", "κ", "from", "to", "n", "both", "one", "note"}, func(o json.RawMessage) ([]string, error) {
				var f struct {
					Name             string
					Kappa, Low, High *float64
					N, Both          int
					OnlyFirst        int `json:"only_first"`
					OnlySecond       int `json:"only_second"`
					Few, Weak        bool
				}
				err := json.Unmarshal(o, &f)
				note := map[bool]string{true: "weak", false: ""}[f.Weak]
				if f.Few { // as on the page, there is no figure then
					f.Kappa, f.Low, f.High, note = nil, nil, nil, "too few"
				}
				two := func(v *float64) string {
					if v == nil {
						return ""
					}
					return strconv.FormatFloat(*v, 'f', 2, 64)
				}
				return []string{f.Name, two(f.Kappa), two(f.Low), two(f.High), strconv.Itoa(f.N), strconv.Itoa(f.Both), strconv.Itoa(f.OnlyFirst + f.OnlySecond), note}, err
			})
		})}
}
