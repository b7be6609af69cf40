package ops

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/casepush/casepush/internal/ledger"
)

// ExportLedger writes a copy of the ledger, whatever is written to it meanwhile:
// every entry is whole, as it was at some moment after the start. Together they
// are of no single moment unless no worker runs. told may be nil.
func (o *Ops) ExportLedger(ctx context.Context, w io.Writer, told Progress) (entries uint64, err error) {
	begun, err := o.conn.LedgerExtent(ctx)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(CopyHeader{
		Format: copyFormat, Version: copyVersion, EntryFormat: ledger.Format, At: time.Now().UTC(), Entries: begun.Entries,
		EventStream: o.conn.Incarnation(), TrustedSince: o.TrustedSince(),
	}); err != nil {
		return 0, err
	}
	err = o.conn.RawEntries(ctx, func(key ledger.Key, seq uint64, body []byte) error {
		entries++
		if told != nil {
			told("exporting", entries, max(begun.Entries, entries))
		}
		return enc.Encode(copyLine{ConnectorID: key.Connector, SpaceID: key.Space, CaseID: key.Case, Again: seq > begun.LastSeq, Entry: body})
	})
	if err != nil {
		return entries, err
	}
	if err := enc.Encode(copyEnd{End: true, Entries: entries}); err != nil {
		return entries, err
	}
	return entries, out.Flush()
}

// TrustedSince is since when the ledger is known to lack nothing.
func (o *Ops) TrustedSince() time.Time { return o.conn.Ledger().TrustedSince().UTC() }

// DistrustLedger says that the ledger may lack what was done before the given
// time: until then everything is looked up at the trackers before anything is
// created or added. A time before TrustedSince changes nothing.
func (o *Ops) DistrustLedger(ctx context.Context, before time.Time, why string) error {
	return o.conn.Distrust(ctx, before, why)
}
