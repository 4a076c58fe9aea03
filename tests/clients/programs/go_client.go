// The import as a program that uses Go's net/http makes it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
)

var base, folder, key = os.Args[1], os.Args[2], os.Args[3]

func send(request *http.Request, apiKey string) (int, []byte) {
	request.Header.Set("X-Api-Key", apiKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, body
}

func upload(name string, apiKey string) int {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", name)
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		panic(err)
	}
	part.Write(data)
	form.WriteField("listId", "list_crm_migration")
	form.WriteField("tags", "città,q2")
	form.Close()
	request, _ := http.NewRequest("POST", base+"/api/partner-gateway/v1/contacts/upload/vcard", &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	status, _ := send(request, apiKey)
	return status
}

func list() (int, []byte) {
	request, _ := http.NewRequest("GET", base+"/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts", nil)
	return send(request, key)
}

func main() {
	fmt.Println(upload("Rubrica Città.vcf", key))
	status, _ := list()
	fmt.Println(status)
	fmt.Println(upload("no-vcard.vcf", key))
	fmt.Println(upload("Rubrica Città.vcf", "unknown"))
	fmt.Println(upload("Rubrica Città.vcf", key+"__quota-exhausted"))
	fmt.Println(upload("oversized.vcf", key))
	status, body := list()
	var page struct {
		Contacts []struct {
			Name string
			Tags []string
		}
	}
	json.Unmarshal(body, &page)
	first := page.Contacts[0]
	fmt.Println(status, first.Name, first.Tags[0], first.Tags[1])
}
