package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
)

func (a *app) ledgerExport() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "export", Short: "Write a copy of the ledger",
		Long: `Write a copy of the ledger: JSON lines, a header, an entry a line, an end. It has ids, digests, times and the
addresses of incidents, and no text of cases.

Workers may go on meanwhile: each entry is whole and not older than the start of the copy, but what changes
while it is made may be in it as it was before, as it was after, or as both. For a copy of one moment stop the
workers first.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.exportLedger(ctx, o, path) })
		},
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "`file` to write, which appears when it is whole (default: standard output)")
	return cmd
}

func (a *app) exportLedger(ctx context.Context, o operator, path string) error {
	b := a.newBar()
	told := b.update
	if path == "" && isTerminal(a.out) {
		told = nil // both would write to the same place
	}
	var n uint64
	err := a.writeWhole(path, func(w io.Writer) (err error) {
		n, err = o.ExportLedger(ctx, w, told)
		return err
	})
	b.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.err, "%d entries were written\n", n)
	return err
}

// writeWhole writes a file for its owner alone, which is there when it is whole
// or not at all; "" is standard output.
func (a *app) writeWhole(path string, write func(io.Writer) error) (err error) {
	if path == "" {
		return write(a.out)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (a *app) ledgerImport() *cobra.Command {
	var overwrite bool
	cmd := &cobra.Command{
		Use: "import (FILE | -)", Short: "Restore entries from a copy of the ledger",
		Long: `Restore entries from a copy that casepush ledger export made: those that are missing, and with --overwrite those
that differ too. Nothing is written if the copy is not whole or was made by a newer version. It may be repeated.

What was done after the copy was made is not in it. So the ledger is distrusted from now on, as casepush ledger
distrust does: whatever is older is looked up at the tracker before anything is created or added.

Stop the workers first. What they write meanwhile is kept.`,
		Example: "  casepush ledger import ledger.jsonl",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one file, or - for standard input; got %d", cmd.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importLedger(cmd.Context(), args[0], ops.ImportOptions{Overwrite: overwrite})
		},
	}
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "also replace entries that are there and differ")
	return cmd
}

// importLedger reads the file twice: all of it is checked before anything is written.
func (a *app) importLedger(ctx context.Context, path string, opts ops.ImportOptions) error {
	in := eventFlags{file: path}
	src, err := in.source(a.in)
	if err != nil {
		return err
	}
	defer src.Close()
	c, err := ops.CheckLedgerCopy(src.file)
	switch {
	case errors.Is(err, ledger.ErrFormat):
		return fail(exitFailed, fmt.Errorf("%s: %w: nothing was written", in.name(), err), "use the version of casepush that made the copy, or a newer one")
	case err != nil:
		return fmt.Errorf("%s: %w: nothing was written", in.name(), err)
	}
	if _, err := src.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.operate(ctx, func(ctx context.Context, o operator) error {
		b := a.newBar()
		opts.Told = b.update
		n, err := o.ImportLedger(ctx, src.file, c, opts)
		b.end()
		return errors.Join(a.tellImported(o, n), err)
	})
}

func (a *app) tellImported(o operator, n ops.Imported) error {
	if _, err := fmt.Fprintf(a.out, "added\t%d\noverwritten\t%d\nsame\t%d\nkept\t%d\n", n.Added, n.Written, n.Same, n.Kept); err != nil {
		return err
	}
	if n.Kept > 0 {
		fmt.Fprintf(a.err, "%d entries differ from the copy and were kept: --overwrite replaces such\n", n.Kept)
	}
	if n.Added+n.Written > 0 {
		fmt.Fprintf(a.err, "the ledger is trusted since %s: what is older is looked up before anything is sent\n", timeText(o.TrustedSince()))
	}
	return nil
}
