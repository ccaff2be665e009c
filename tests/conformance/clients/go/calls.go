// A child process of test_clients.py: the calls of a user of the AWS SDK for Go v2, and what they
// brought as one JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

type input struct{ Body, Cluster, Attribute string }

func must[T any](answer T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return answer
}

func errorOf(err error) string {
	var typed smithy.APIError
	if errors.As(err, &typed) {
		return typed.ErrorCode()
	}
	return fmt.Sprint(err)
}

func messages(client *sqs.Client, in input) map[string]any {
	url := must(client.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("clients"), Attributes: map[string]string{"VisibilityTimeout": "60"}})).QueueUrl
	must(client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: &in.Body,
		MessageAttributes: map[string]sqstypes.MessageAttributeValue{
			"note": {DataType: aws.String("String"), StringValue: &in.Attribute}}}))
	one := must(client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"}})).Messages[0]
	must(client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: one.ReceiptHandle}))
	var entries []sqstypes.SendMessageBatchRequestEntry
	for _, id := range []string{"a", "b", "c"} {
		entries = append(entries, sqstypes.SendMessageBatchRequestEntry{
			Id: aws.String(id), MessageBody: aws.String("batch " + id)})
	}
	sent := must(client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries}))
	many := must(client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, WaitTimeSeconds: 1, MaxNumberOfMessages: 10}))
	var bodies []string
	var handles []sqstypes.DeleteMessageBatchRequestEntry
	for i, message := range many.Messages {
		bodies = append(bodies, *message.Body)
		handles = append(handles, sqstypes.DeleteMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint(i)), ReceiptHandle: message.ReceiptHandle})
	}
	deleted := must(client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: handles}))
	attributes := must(client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})).Attributes
	_, noQueue := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
	return map[string]any{
		"queue": *url, "body": *one.Body, "attribute": *one.MessageAttributes["note"].StringValue,
		"receives": one.Attributes["ApproximateReceiveCount"], "batch": bodies,
		"sent": len(sent.Successful), "deleted": len(deleted.Successful),
		"left": attributes["ApproximateNumberOfMessages"], "visibility": attributes["VisibilityTimeout"],
		"noQueue": errorOf(noQueue)}
}

func running(states []string) bool {
	return len(states) == 2 && !slices.ContainsFunc(states, func(state string) bool { return state != "RUNNING" })
}

func tasks(client *ecs.Client, in input) map[string]any {
	name := aws.String("clients")
	must(client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: name, ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Name: aws.String("a"), Image: aws.String("b"), Memory: aws.Int32(128)}}}))
	made := must(client.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: &in.Cluster, ServiceName: name, TaskDefinition: name, DesiredCount: aws.Int32(0)})).Service
	must(client.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: &in.Cluster, Service: name, DesiredCount: aws.Int32(2)}))
	var states []string
	for !running(states) {
		time.Sleep(50 * time.Millisecond)
		arns := must(client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &in.Cluster, ServiceName: name})).TaskArns
		if len(arns) == 0 {
			continue
		}
		states = nil
		for _, task := range must(client.DescribeTasks(ctx, &ecs.DescribeTasksInput{
			Cluster: &in.Cluster, Tasks: arns})).Tasks {
			states = append(states, *task.LastStatus)
		}
	}
	described := must(client.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: &in.Cluster, Services: []string{*name}}))
	_, noService := client.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: &in.Cluster, Service: aws.String("none"), DesiredCount: aws.Int32(1)})
	return map[string]any{
		"desiredBefore": made.DesiredCount, "created": made.CreatedAt.Year() > 2020,
		"desired": described.Services[0].DesiredCount, "states": states, "noService": errorOf(noService)}
}

func main() {
	var in input
	must(0, json.Unmarshal([]byte(os.Args[1]), &in))
	settings := must(config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1)))
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{
		"sqs": messages(sqs.NewFromConfig(settings), in),
		"ecs": tasks(ecs.NewFromConfig(settings), in)}))
}
