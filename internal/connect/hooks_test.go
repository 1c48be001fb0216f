package connect

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestABodyIsReadWhole: with its length, without, and one that breaks off, over
// a real connection.
func TestABodyIsReadWhole(t *testing.T) {
	got := make(chan error, 1)
	var read []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		read, err = readBody(http.MaxBytesReader(w, r.Body, 200<<10), r.ContentLength)
		got <- err
	}))
	defer server.Close()
	send := func(head, body string) error {
		t.Helper()
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+head+"\r\n\r\n"+body); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		return <-got
	}
	for _, n := range []int{0, 1, 2_000, 64 << 10, 64<<10 + 1, 200 << 10} {
		body := strings.Repeat("x", n)
		if err := send(fmt.Sprintf("Content-Length: %d", n), body); err != nil || string(read) != body {
			t.Errorf("of %d bytes %d came, %v", n, len(read), err)
		}
		if err := send("Transfer-Encoding: chunked", chunked(body)); err != nil || string(read) != body {
			t.Errorf("of %d bytes in chunks %d came, %v", n, len(read), err)
		}
		if err := send(fmt.Sprintf("Content-Length: %d", n+1), body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("of %d bytes that break off: %v", n+1, err)
		}
	}
	var large *http.MaxBytesError
	body := strings.Repeat("x", 200<<10+1)
	if err := send(fmt.Sprintf("Content-Length: %d", len(body)), body); !errors.As(err, &large) {
		t.Errorf("one too large: %v", err)
	}
	if err := send("Transfer-Encoding: chunked", chunked(body)); !errors.As(err, &large) {
		t.Errorf("one too large in chunks: %v", err)
	}
}

func chunked(body string) string {
	if body == "" {
		return "0\r\n\r\n"
	}
	return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
}
