// Import a vCard file into a list, read the list back, and read the quota.
//
// Usage: go run import_contacts.go FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
// Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
// Needs Go 1.19 or newer, and no packages.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	longestWait = 30 * time.Second // how long we wait for a rate limit before we give up
	untoldWait  = 60               // seconds, where Retry-After is missing, or is a date
	attempts    = 5
	firstPause  = 500 * time.Millisecond // before the second attempt; each further pause is twice as long
)

type ImportReport struct {
	ListID  string `json:"listId"`
	Summary struct {
		Total, Imported, Duplicates, Errors, Skipped int
	} `json:"summary"`
	Errors []struct {
		Line         int
		Name, Reason string
	} `json:"errors"`
}

type Contact struct {
	ContactID   string   `json:"contactId"`
	Name        string   `json:"name"`
	PhoneNumber string   `json:"phoneNumber"`
	Email       string   `json:"email"` // empty where the card had none
	Tags        []string `json:"tags"`
	CreatedAt   string   `json:"createdAt"`
}

type ContactPage struct {
	Contacts []Contact `json:"contacts"`
	Page     int       `json:"page"`
	HasMore  bool      `json:"hasMore"`
}

type Quota struct {
	Used, Total int
}

// Unavailable: no whole response in time. An import may have happened; with SKIP it is safe to send it again.
type Unavailable struct{ cause error }

func (e *Unavailable) Error() string { return "Unavailable: " + e.cause.Error() }
func (e *Unavailable) Unwrap() error { return e.cause }

// Kind of a refusal, by its status.
type Kind string

const (
	InvalidRequest     Kind = "InvalidRequest"     // 400: the file is no vCard file, or a field is wrong
	InvalidKey         Kind = "InvalidKey"         // 401: the key is missing, unknown or revoked
	NotPermitted       Kind = "NotPermitted"       // 403: the key may not manage contacts
	UnknownList        Kind = "UnknownList"        // 404: the account has no such list
	QuotaExceeded      Kind = "QuotaExceeded"      // 409: no room for all contacts of the file; none was imported
	FileTooLarge       Kind = "FileTooLarge"       // 413: split the file, at 10 MB each
	RateLimited        Kind = "RateLimited"        // 429: try again after RetryAfter
	UnexpectedResponse Kind = "UnexpectedResponse" // of a proxy, or of a server in trouble
)

var kinds = map[int]Kind{
	400: InvalidRequest, 401: InvalidKey, 403: NotPermitted, 404: UnknownList,
	409: QuotaExceeded, 413: FileTooLarge, 429: RateLimited,
}

// Refused: the API refused the request and, but for an UnexpectedResponse, changed nothing.
type Refused struct {
	Kind       Kind
	Status     int
	Fields     map[string]string // each field at fault, with what is wrong with it
	RetryAfter time.Duration     // of RateLimited
	RequestID  string
}

func (e *Refused) Error() string {
	parts := make([]string, 0, len(e.Fields))
	for name, message := range e.Fields {
		parts = append(parts, name+": "+message)
	}
	sort.Strings(parts)
	return fmt.Sprintf("%d %s: %s (request %s)", e.Status, e.Kind, strings.Join(parts, "; "), e.RequestID)
}

// Qlara has the three calls.
type Qlara struct {
	base, apiKey string
	http         *http.Client
}

func NewQlara(base, apiKey string, timeout time.Duration) *Qlara {
	// The time limit is for a whole call, its body included.
	client := &http.Client{Timeout: timeout}
	// The API redirects nobody, and another host must not get the key.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Qlara{strings.TrimRight(base, "/"), apiKey, client}
}

// Upload imports a file into a list that exists.
func (q *Qlara) Upload(path, listID, strategy string) (*ImportReport, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"listId", listID}, {"duplicateStrategy", strategy}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return nil, err
		}
	}
	part, err := form.CreateFormFile("file", filepath.Base(path))
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(content); err != nil {
		return nil, err
	}
	if err := form.Close(); err != nil { // writes the last boundary
		return nil, err
	}
	report := new(ImportReport)
	path = "/api/partner-gateway/v1/contacts/upload/vcard"
	send := func() error {
		return q.sendOnce("POST", path, form.FormDataContentType(), body.Bytes(), "summary", report)
	}
	return report, again(send, strategy != "DUPLICATE")
}

// Contacts calls visit with every contact of a list, page by page.
func (q *Qlara) Contacts(listID string, visit func(Contact)) error {
	path := "/api/partner-gateway/v1/contacts/list/" + url.PathEscape(listID) + "/contacts"
	for number, more := 1, true; more; number++ {
		var page ContactPage
		target := fmt.Sprintf("%s?limit=100&page=%d", path, number)
		if err := q.get(target, "contacts", &page); err != nil {
			return err
		}
		for _, contact := range page.Contacts {
			visit(contact)
		}
		more = page.HasMore
	}
	return nil
}

// Quota tells how many contacts are used, of how many in total.
func (q *Qlara) Quota() (quota Quota, err error) {
	err = q.get("/api/v1/partner-gateway/subscription/contacts", "used", &quota)
	return quota, err
}

func (q *Qlara) get(path, needed string, result any) error {
	return again(func() error { return q.sendOnce("GET", path, "", nil, needed, result) }, true)
}

// again sends a request, and sends it again if that may help and does no harm. A request over the rate limit changed
// nothing. Of one without a whole response nobody knows: if it is repeatable, it may be carried out twice.
func again(send func() error, repeatable bool) error {
	for attempt := 1; ; attempt++ {
		err := send()
		if err == nil || attempt == attempts {
			return err
		}
		pause, may := pauseAfter(err, attempt, repeatable)
		if !may {
			return err
		}
		time.Sleep(pause)
	}
}

// pauseAfter tells how long to wait for the next attempt, and whether there is one.
func pauseAfter(err error, attempt int, repeatable bool) (time.Duration, bool) {
	var refused *Refused
	var unavailable *Unavailable
	if errors.As(err, &refused) && refused.Kind == RateLimited {
		return refused.RetryAfter, refused.RetryAfter <= longestWait
	}
	passes := errors.As(err, &unavailable) // 502 to 504: of a gateway, or of a server that starts
	passes = passes || refused != nil && refused.Status >= 502 && refused.Status <= 504
	return firstPause << (attempt - 1), passes && repeatable
}

func (q *Qlara) sendOnce(method, path, contentType string, body []byte, needed string, result any) error {
	request, err := http.NewRequest(method, q.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-Api-Key", q.apiKey)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := q.http.Do(request)
	if err != nil {
		return &Unavailable{err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil { // half a response, or the time limit is over
		return &Unavailable{err}
	}
	var fields map[string]any
	if response.StatusCode == http.StatusOK && json.Unmarshal(content, &fields) == nil && fields[needed] != nil {
		if json.Unmarshal(content, result) == nil {
			return nil
		}
	}
	return refusal(response, content)
}

func refusal(response *http.Response, content []byte) error {
	refused := &Refused{
		Kind:      kinds[response.StatusCode],
		Status:    response.StatusCode,
		RequestID: response.Header.Get("X-Request-Id"),
	}
	if refused.RequestID == "" {
		refused.RequestID = "unknown"
	}
	var body struct {
		Data map[string]string `json:"data"`
	}
	readable := json.Unmarshal(content, &body) == nil
	switch {
	case refused.Kind == RateLimited:
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil || seconds < 0 {
			seconds = untoldWait
		}
		refused.RetryAfter = time.Duration(seconds) * time.Second
		refused.Fields = map[string]string{"try again in": fmt.Sprintf("%d seconds", seconds)}
	case refused.Kind == "" || !readable || body.Data == nil:
		refused.Kind = UnexpectedResponse
		refused.Fields = map[string]string{"body": fmt.Sprintf("%.200s", content)}
	default:
		refused.Fields = body.Data
	}
	return refused
}

func run(arguments []string) error {
	base, apiKey := os.Getenv("QLARA_BASE_URL"), os.Getenv("QLARA_API_KEY")
	if len(arguments) < 2 || base == "" || apiKey == "" {
		return errors.New("usage: QLARA_BASE_URL=… QLARA_API_KEY=… import_contacts FILE LIST_ID [STRATEGY]")
	}
	seconds, err := strconv.ParseFloat(os.Getenv("QLARA_TIMEOUT"), 64)
	if err != nil {
		seconds = 30
	}
	path, listID, strategy := arguments[0], arguments[1], "SKIP"
	if len(arguments) > 2 {
		strategy = arguments[2]
	}
	qlara := NewQlara(base, apiKey, time.Duration(seconds*float64(time.Second)))
	report, err := qlara.Upload(path, listID, strategy)
	if err != nil {
		return err
	}
	counts := report.Summary
	fmt.Printf("%d of %d imported, %d duplicates\n", counts.Imported, counts.Total, counts.Duplicates)
	for _, each := range report.Errors { // cards that were left out; the others are imported
		fmt.Printf("line %d: %s: %s\n", each.Line, each.Name, each.Reason)
	}
	count, last := 0, "nobody"
	err = qlara.Contacts(listID, func(contact Contact) { count, last = count+1, contact.Name })
	if err != nil {
		return err
	}
	fmt.Printf("%d contacts in %s, the last of them %s\n", count, listID, last)
	quota, err := qlara.Quota()
	if err != nil {
		return err
	}
	fmt.Printf("%d of %d contacts used\n", quota.Used, quota.Total)
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
