// Package sqlpage draws the SQL console with its examples. It shows what it is
// given and asks nothing.
package sqlpage
