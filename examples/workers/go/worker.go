// A worker for SQS on ECS, with the AWS SDK for Go v2: copy it and write your own work().
//
// It receives one message at a time, protects its task from scale-in while it works, keeps the
// message invisible for as long as the work takes, deletes it when the work is done, and ends on
// SIGTERM after the work in hand. With `scale_in_when: protected` the scaler then never cuts a work
// short.
//
// Environment: SQS_QUEUE_URL; PROTECTED_MINUTES; WORK_SECONDS, for the stand-in below; what ECS
// itself sets.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// Renewed at half, so that a worker that dies gives the message back soon.
	visibility   = 30 * time.Second
	refusedPause = 5 * time.Second
	failedPause  = time.Second
)

// Asked for again at a third of it, so that work may take longer.
var protectedMinutes = minutesFrom("PROTECTED_MINUTES", 60)

func minutesFrom(name string, otherwise int) int {
	if minutes, err := strconv.Atoi(os.Getenv(name)); err == nil && minutes > 0 {
		return minutes
	}
	return otherwise
}

type worker struct {
	sqs      *sqs.Client
	queueURL string
}

// work is yours. What it refuses is not deleted: it comes again, at last to the dead-letter queue.
func work(body string) error {
	seconds, err := strconv.ParseFloat(os.Getenv("WORK_SECONDS"), 64)
	if err != nil {
		seconds = 1
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	fmt.Println("done:", body)
	return nil
}

// protect asks the ECS agent for task scale-in protection and tells whether the task has it.
//
// A refusal is an answer with status 200 and a `failure`: the task is about to stop, or more tasks
// would be protected than are desired. Outside ECS there is no agent and nothing to protect from.
func protect(enabled bool) bool {
	agent := os.Getenv("ECS_AGENT_URI")
	if agent == "" {
		return true
	}
	state := map[string]any{"ProtectionEnabled": enabled}
	if enabled {
		state["ExpiresInMinutes"] = protectedMinutes
	}
	body, _ := json.Marshal(state)
	url := agent + "/task-protection/v1/state"
	request, err := http.NewRequest(http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return unprotected(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return unprotected(err)
	}
	defer response.Body.Close()
	var answer struct{ Failure json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return unprotected(err)
	}
	if response.StatusCode != http.StatusOK {
		return unprotected(fmt.Errorf("status %d", response.StatusCode))
	}
	return answer.Failure == nil
}

func unprotected(err error) bool {
	fmt.Println("no answer of the ECS agent, the work goes on unprotected:", err)
	return true
}

func (w worker) setVisibility(receipt *string, timeout time.Duration) {
	_, err := w.sqs.ChangeMessageVisibility(context.Background(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &w.queueURL, ReceiptHandle: receipt, VisibilityTimeout: int32(timeout.Seconds())})
	if err != nil {
		fmt.Println("visibility:", err)
	}
}

// keep has the message invisible, and the task protected, for as long as the work takes.
func (w worker) keep(ctx context.Context, receipt *string) {
	protection := time.NewTicker(time.Duration(protectedMinutes) * time.Minute / 3)
	defer protection.Stop()
	invisible := time.NewTicker(visibility / 2)
	defer invisible.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-protection.C:
			protect(true)
		case <-invisible.C:
			w.setVisibility(receipt, visibility)
		}
	}
}

func (w worker) handle(stopping context.Context, message types.Message) {
	if !protect(true) {
		// Another task does it: this one may be stopped at any moment.
		w.setVisibility(message.ReceiptHandle, 0)
		pause(stopping, refusedPause)
		return
	}
	defer protect(false)
	working, done := context.WithCancel(context.Background())
	kept := make(chan struct{})
	go func() {
		w.keep(working, message.ReceiptHandle)
		close(kept)
	}()
	defer func() {
		done()
		<-kept // A renewal that comes late would undo the end of the protection.
	}()
	if err := work(aws.ToString(message.Body)); err != nil {
		fmt.Println("failed:", err)
		return
	}
	_, err := w.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{
		QueueUrl: &w.queueURL, ReceiptHandle: message.ReceiptHandle})
	if err != nil {
		fmt.Println("not deleted, it will come again:", err)
	}
}

func (w worker) run(stopping context.Context) {
	for stopping.Err() == nil {
		// Not with `stopping`: a poll that is broken off may have taken a message that nobody sees.
		answer, err := w.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
			QueueUrl: &w.queueURL, MaxNumberOfMessages: 1, WaitTimeSeconds: 5,
			VisibilityTimeout: int32(visibility.Seconds())})
		if err != nil {
			fmt.Println("receive:", err)
			pause(stopping, failedPause)
			continue
		}
		for _, message := range answer.Messages {
			w.handle(stopping, message)
		}
	}
}

func pause(stopping context.Context, length time.Duration) {
	select {
	case <-stopping.Done():
	case <-time.After(length):
	}
}

func main() {
	stopping, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	settings, err := config.LoadDefaultConfig(context.Background())
	queueURL := os.Getenv("SQS_QUEUE_URL")
	if err == nil && queueURL == "" {
		err = fmt.Errorf("SQS_QUEUE_URL is not set")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	worker{sqs: sqs.NewFromConfig(settings), queueURL: queueURL}.run(stopping)
}
