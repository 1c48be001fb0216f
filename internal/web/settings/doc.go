// Package settings draws what an organization says about itself and the
// metrics it defines. It shows what it is given and asks nothing.
package settings
