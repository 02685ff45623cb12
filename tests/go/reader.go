// An independent reader and writer of C2SP logs, over golang.org/x/mod/sumdb (note, tlog), which shares no code with
// this project. It reads one JSON request on standard input and answers with one JSON object on standard output.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // C2SP tlog-tiles: tiles are 2**8 hashes wide.

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fail(format string, args ...any) { check(fmt.Errorf(format, args...)) }

// c2spPath is a tile's path after C2SP tlog-tiles: Go's own has the height before the level, and "data" for entries.
func c2spPath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// folder reads the tiles of a log from files.
type folder struct{ root string }

func (f folder) Height() int                     { return height }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		content, err := os.ReadFile(filepath.Join(f.root, c2spPath(tile)))
		if err != nil {
			return nil, err
		}
		data = append(data, content)
	}
	return data, nil
}

// entry reads one log entry from its bundle: C2SP tlog-tiles, "Log entries".
func (f folder) entry(index, size int64) []byte {
	tile := tlog.Tile{H: height, L: -1, N: index >> height, W: 1 << height}
	if width := size - tile.N<<height; width < int64(tile.W) {
		tile.W = int(width)
	}
	bundle := must(os.ReadFile(filepath.Join(f.root, c2spPath(tile))))
	for skip := index & (1<<height - 1); ; skip-- {
		length := 2 + int(binary.BigEndian.Uint16(bundle))
		if skip == 0 {
			return bundle[2:length]
		}
		bundle = bundle[length:]
	}
}

// cosigner verifies cosignatures of type 0x04, which package note does not know: C2SP tlog-cosignature.
type cosigner struct {
	name string
	key  []byte
}

func newCosigner(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	key := must(base64.StdEncoding.DecodeString(parts[2]))
	if len(key) != 33 || key[0] != 4 {
		fail("not a cosigner's key: %s", vkey)
	}
	c := cosigner{parts[0], key}
	if fmt.Sprintf("%08x", c.KeyHash()) != parts[1] {
		fail("the key ID of %s is not %08x", vkey, c.KeyHash())
	}
	return c
}

func (c cosigner) Name() string { return c.name }
func (c cosigner) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(c.name+"\n"), c.key...))
	return binary.BigEndian.Uint32(sum[:])
}
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key[1:], []byte(text), sig[8:])
}

// parseCheckpoint reads the three lines that C2SP tlog-checkpoint demands.
func parseCheckpoint(text, origin string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		fail("not a checkpoint of %s: %q", origin, text)
	}
	return tlog.Tree{N: must(strconv.ParseInt(lines[1], 10, 64)), Hash: must(tlog.ParseHash(lines[2]))}
}

type request struct {
	Mode        string
	Folder      string              // verify: where the tiles are
	Origin      string              // verify, make
	Log         string              // verify: the log's vkey
	Witness     string              // verify: the witness's vkey
	Checkpoints []string            // verify: signed notes, sizes rising
	Inclusion   []inclusion         // verify: proofs made by the other side, under the last checkpoint
	Consistency map[int][]tlog.Hash // verify: position of an earlier checkpoint -> proof up to the last
	Entries     []string            // make: base64
	Sizes       []int64             // make: checkpoints to make, rising
}

type inclusion struct {
	Index int64
	Leaf  string // base64
	Proof []tlog.Hash
}

// verify opens notes, reads tiles and checks every proof, its own and the other side's.
func verify(in request) any {
	known := note.VerifierList(must(note.NewVerifier(in.Log)), newCosigner(in.Witness))
	files := folder{in.Folder}
	var trees []tlog.Tree
	newTiles := map[string]bool{}
	for _, signed := range in.Checkpoints {
		opened := must(note.Open([]byte(signed), known))
		if len(opened.Sigs) != 2 {
			fail("%d known signatures", len(opened.Sigs))
		}
		tree := parseCheckpoint(opened.Text, in.Origin)
		trees = append(trees, tree)
		if root := must(tlog.TreeHash(tree.N, tlog.TileHashReader(tree, files))); root != tree.Hash {
			fail("the tiles give root %v at %d", root, tree.N)
		}
	}
	last := trees[len(trees)-1]
	reader := tlog.TileHashReader(last, files)
	for index := int64(0); index < last.N; index += 1 + last.N/97 {
		leaf := tlog.RecordHash(files.entry(index, last.N))
		proof := must(tlog.ProveRecord(last.N, index, reader))
		check(tlog.CheckRecord(proof, last.N, last.Hash, index, leaf))
	}
	for position, tree := range trees {
		proof := must(tlog.ProveTree(last.N, tree.N, reader))
		check(tlog.CheckTree(proof, last.N, last.Hash, tree.N, tree.Hash))
		check(tlog.CheckTree(in.Consistency[position], last.N, last.Hash, tree.N, tree.Hash))
	}
	for _, item := range in.Inclusion {
		leaf := tlog.RecordHash(must(base64.StdEncoding.DecodeString(item.Leaf)))
		check(tlog.CheckRecord(item.Proof, last.N, last.Hash, item.Index, leaf))
	}
	for _, tile := range tlog.NewTiles(height, 0, last.N) {
		newTiles[c2spPath(tile)] = true
		path := c2spPath(tile)
		if stored := must(os.ReadFile(filepath.Join(in.Folder, path))); !bytes.Equal(stored, must(tlog.ReadTileData(tile, reader))) {
			fail("%s differs", path)
		}
	}
	return map[string]any{"tiles": newTiles}
}

// make builds a log in memory, and answers with keys, checkpoints, tiles and proofs for the other side to verify.
func makeLog(in request) any {
	skey, vkey, err := note.GenerateKey(rand.Reader, in.Origin)
	check(err)
	signer := must(note.NewSigner(skey))
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	for index, entry := range in.Entries {
		data := must(base64.StdEncoding.DecodeString(entry))
		hashes = append(hashes, must(tlog.StoredHashes(int64(index), data, reader))...)
	}
	checkpoints, tiles, growth := []string{}, map[string][]byte{}, [][]string{}
	consistency, included := map[string][]tlog.Hash{}, map[string][]tlog.Hash{}
	var old int64
	for _, size := range in.Sizes {
		root := must(tlog.TreeHash(size, reader))
		text := fmt.Sprintf("%s\n%d\n%v\n", in.Origin, size, root)
		checkpoints = append(checkpoints, string(must(note.Sign(&note.Note{Text: text}, signer))))
		paths := []string{}
		for _, tile := range tlog.NewTiles(height, old, size) {
			paths = append(paths, c2spPath(tile))
			tiles[c2spPath(tile)] = must(tlog.ReadTileData(tile, reader))
		}
		growth = append(growth, paths)
		if old > 0 {
			consistency[strconv.FormatInt(old, 10)] = must(tlog.ProveTree(size, old, reader))
		}
		for index := int64(0); index < size; index += 1 + size/53 {
			included[fmt.Sprintf("%d %d", index, size)] = must(tlog.ProveRecord(size, index, reader))
		}
		old = size
	}
	return map[string]any{
		"skey": skey, "vkey": vkey, "checkpoints": checkpoints, "tiles": tiles, "growth": growth,
		"consistency": consistency, "inclusion": included,
	}
}

func main() {
	var in request
	check(json.NewDecoder(os.Stdin).Decode(&in))
	modes := map[string]func(request) any{"verify": verify, "make": makeLog}
	check(json.NewEncoder(os.Stdout).Encode(modes[in.Mode](in)))
}
