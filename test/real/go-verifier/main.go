// Verifies a Tocsin log with the Go checksum database's libraries, which know nothing of Tocsin: the
// checkpoint's signature, the root from every entry, and an inclusion proof of every leaf.
//
//	go run . <log directory> <verifier key>
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func main() {
	if len(os.Args) != 3 {
		fail("usage: go-verifier <log directory> <verifier key>")
	}
	dir, vkey := os.Args[1], os.Args[2]
	tree := openCheckpoint(dir, vkey)
	hashes := storedHashes(dir, tree.N)
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = hashes[index]
		}
		return out, nil
	})
	root, err := tlog.TreeHash(tree.N, reader)
	check(err)
	if root != tree.Hash {
		fail("the root of the entries is not the checkpoint's")
	}
	tiles := tlog.TileHashReader(tree, &tileReader{dir})
	for n := int64(0); n < tree.N; n++ {
		proof, err := tlog.ProveRecord(tree.N, n, tiles)
		check(err)
		leaf := hashes[tlog.StoredHashIndex(0, n)]
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf))
	}
	fmt.Printf("ok %d %s\n", tree.N, tree.Hash)
}

func openCheckpoint(dir, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		fail("the origin is not the key's name")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	hash, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: hash}
}

// storedHashes computes every hash of the tree from the entries alone.
func storedHashes(dir string, size int64) []tlog.Hash {
	hashes := make([]tlog.Hash, tlog.StoredHashCount(size))
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = hashes[index]
		}
		return out, nil
	})
	for bundle := int64(0); bundle*width < size; bundle++ {
		count := min(width, size-bundle*width)
		data := readEither(dir, "entries", bundle, count)
		for i := int64(0); i < count; i++ {
			if len(data) < 2 {
				fail(fmt.Sprintf("bundle %d ends in entry %d", bundle, i))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			n := bundle*width + i
			added, err := tlog.StoredHashes(n, data[2:end], reader)
			check(err)
			copy(hashes[tlog.StoredHashIndex(0, n):], added)
			data = data[end:]
		}
		if len(data) > 0 && count < width {
			continue // The full bundle stands in for a partial one.
		}
		if len(data) > 0 {
			fail(fmt.Sprintf("bundle %d has trailing bytes", bundle))
		}
	}
	return hashes
}

// tileReader maps the checksum database's tiles (height 8) to C2SP's paths.
type tileReader struct{ dir string }

func (r *tileReader) Height() int                     { return 8 }
func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data := readEither(r.dir, strconv.Itoa(tile.L), tile.N, int64(tile.W))
		out[i] = data[:tile.W*tlog.HashSize]
	}
	return out, nil
}

func readEither(dir, level string, index, count int64) []byte {
	path := filepath.Join(dir, "tile", level, filepath.FromSlash(number(index)))
	if count < width {
		if data, err := os.ReadFile(filepath.Join(path+".p", strconv.FormatInt(count, 10))); err == nil {
			return data
		}
	}
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func number(n int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "go-verifier: "+why)
	os.Exit(1)
}
