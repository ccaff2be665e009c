// A child process of test_clients.py: the calls of a user of the AWS SDK for Java v2, and what they
// brought as one JSON object.

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.ContainerDefinition;
import software.amazon.awssdk.services.ecs.model.Task;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.thirdparty.jackson.core.JsonFactory;
import software.amazon.awssdk.thirdparty.jackson.core.JsonGenerator;

public class Calls {
  static String errorOf(Runnable call) {
    try {
      call.run();
    } catch (AwsServiceException error) {
      return error.awsErrorDetails().errorCode();
    }
    return "no error";
  }

  static void messages(JsonGenerator out, String body, String attribute) throws Exception {
    SqsClient sqs = SqsClient.create();
    String url = sqs.createQueue(r -> r.queueName("clients")
        .attributes(Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "60"))).queueUrl();
    MessageAttributeValue note =
        MessageAttributeValue.builder().dataType("String").stringValue(attribute).build();
    sqs.sendMessage(r -> r.queueUrl(url).messageBody(body).messageAttributes(Map.of("note", note)));
    Message one = sqs.receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(1)
        .messageAttributeNames("All")
        .messageSystemAttributeNames(MessageSystemAttributeName.ALL)).messages().get(0);
    sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle(one.receiptHandle()));
    List<SendMessageBatchRequestEntry> entries = Stream.of("a", "b", "c")
        .map(id -> SendMessageBatchRequestEntry.builder().id(id).messageBody("batch " + id).build())
        .toList();
    int sent = sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entries)).successful().size();
    List<Message> many = sqs.receiveMessage(
        r -> r.queueUrl(url).waitTimeSeconds(1).maxNumberOfMessages(10)).messages();
    List<DeleteMessageBatchRequestEntry> handles = new ArrayList<>();
    for (Message message : many) {
      handles.add(DeleteMessageBatchRequestEntry.builder().id("" + handles.size())
          .receiptHandle(message.receiptHandle()).build());
    }
    int deleted =
        sqs.deleteMessageBatch(r -> r.queueUrl(url).entries(handles)).successful().size();
    Map<QueueAttributeName, String> attributes = sqs.getQueueAttributes(
        r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributes();

    out.writeObjectFieldStart("sqs");
    out.writeStringField("queue", url);
    out.writeStringField("body", one.body());
    out.writeStringField("attribute", one.messageAttributes().get("note").stringValue());
    out.writeStringField("receives",
        one.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT));
    out.writeArrayFieldStart("batch");
    for (Message message : many) {
      out.writeString(message.body());
    }
    out.writeEndArray();
    out.writeNumberField("sent", sent);
    out.writeNumberField("deleted", deleted);
    out.writeStringField("left", attributes.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
    out.writeStringField("visibility", attributes.get(QueueAttributeName.VISIBILITY_TIMEOUT));
    out.writeStringField("noQueue", errorOf(() -> sqs.getQueueUrl(r -> r.queueName("none"))));
    out.writeEndObject();
  }

  static List<String> states(EcsClient ecs, String cluster) {
    List<String> arns =
        ecs.listTasks(r -> r.cluster(cluster).serviceName("clients")).taskArns();
    return arns.isEmpty() ? List.of()
        : ecs.describeTasks(r -> r.cluster(cluster).tasks(arns)).tasks().stream()
            .map(Task::lastStatus).toList();
  }

  static void tasks(JsonGenerator out, String cluster) throws Exception {
    EcsClient ecs = EcsClient.create();
    ecs.registerTaskDefinition(r -> r.family("clients").containerDefinitions(
        ContainerDefinition.builder().name("a").image("b").memory(128).build()));
    var made = ecs.createService(r -> r.cluster(cluster).serviceName("clients")
        .taskDefinition("clients").desiredCount(0)).service();
    ecs.updateService(r -> r.cluster(cluster).service("clients").desiredCount(2));
    List<String> states = List.of();
    while (!states.equals(List.of("RUNNING", "RUNNING"))) {
      Thread.sleep(Duration.ofMillis(50).toMillis());
      states = states(ecs, cluster);
    }
    int desired = ecs.describeServices(r -> r.cluster(cluster).services("clients"))
        .services().get(0).desiredCount();

    out.writeObjectFieldStart("ecs");
    out.writeNumberField("desiredBefore", made.desiredCount());
    out.writeBooleanField("created", made.createdAt().isAfter(Instant.parse("2020-01-01T00:00:00Z")));
    out.writeNumberField("desired", desired);
    out.writeArrayFieldStart("states");
    for (String state : states) {
      out.writeString(state);
    }
    out.writeEndArray();
    out.writeStringField("noService",
        errorOf(() -> ecs.updateService(r -> r.cluster(cluster).service("none").desiredCount(1))));
    out.writeEndObject();
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, JsonNode> input = JsonNode.parser().parse(arguments[0]).asObject();
    try (JsonGenerator out = new JsonFactory().createGenerator(System.out)) {
      out.writeStartObject();
      messages(out, input.get("body").asString(), input.get("attribute").asString());
      tasks(out, input.get("cluster").asString());
      out.writeEndObject();
    }
  }
}
