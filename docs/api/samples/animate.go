// Animates a photo with Go's standard library: go run animate.go PHOTO OUTPUT
// BASE_URL and API_KEY come from the environment.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
)

type answer struct {
	ErrorCode   int `json:"error_code"`
	ErrorDetail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error_detail"`
	Data struct {
		URL string `json:"url"`
	} `json:"data"`
}

func main() {
	log.SetFlags(0)
	photo, err := os.ReadFile(os.Args[1])
	check(err)

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	image, err := form.CreateFormFile("image", "photo")
	check(err)
	_, err = image.Write(photo)
	check(err)
	check(form.WriteField("operation", "11"))
	check(form.Close())

	address := os.Getenv("BASE_URL") + "/api/image/effects/image-fine-tuning"
	request, err := http.NewRequest(http.MethodPost, address, &body)
	check(err)
	request.Header.Set("ailabapi-api-key", os.Getenv("API_KEY"))
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()

	var result answer
	check(json.NewDecoder(response.Body).Decode(&result))
	if result.ErrorCode != 0 {
		log.Fatalf("refused: %s: %s", result.ErrorDetail.Code, result.ErrorDetail.Message)
	}

	video, err := http.Get(result.Data.URL)
	check(err)
	defer video.Body.Close()
	file, err := os.Create(os.Args[2])
	check(err)
	_, err = io.Copy(file, video.Body)
	check(err)
	check(file.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
