// Package ledger keeps what shops owe, in double entry.
package ledger

import (
	"errors"
	"fmt"
)

// ErrUnbalanced is returned for a posting whose entries do not sum to zero.
var ErrUnbalanced = errors.New("ledger: entries do not sum to zero")

// ErrClosedPeriod is returned for a posting into a month that was invoiced.
var ErrClosedPeriod = errors.New("ledger: the period is closed")

// Entry is one side of a posting, in minor units.
type Entry struct {
	Account  string
	Amount   int64
	Currency string
}

// Validate checks that the entries of each currency sum to zero.
func Validate(entries []Entry) error {
	sums := map[string]int64{}
	for _, e := range entries {
		sums[e.Currency] += e.Amount
	}
	for currency, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("%w: %s is off by %d", ErrUnbalanced, currency, sum)
		}
	}
	return nil
}

// Refund books the reverse of a posting. It never deletes: corrections are postings of their own.
func Refund(entries []Entry) []Entry {
	reversed := make([]Entry, len(entries))
	for i, e := range entries {
		reversed[i] = Entry{Account: e.Account, Amount: -e.Amount, Currency: e.Currency}
	}
	return reversed
}
