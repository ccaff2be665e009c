#include "edge/aws/auto_scaling.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"
#include "edge/aws/xml.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

const GroupId kGpu{.region = "us-east-1", .name = "gpu"};

std::string reply_of(const std::string& operation, const std::string& inner) {
  return "<" + operation +
         R"(Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><)" + operation +
         "Result>" + inner + "</" + operation +
         "Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></" + operation +
         "Response>";
}

std::string instance_xml(const std::string& id, const std::string& lifecycle,
                         const std::string& is_protected = "true") {
  return "<member><InstanceId>" + id +
         "</InstanceId><InstanceType>g4dn.xlarge</InstanceType><AvailabilityZone>us-east-1a"
         "</AvailabilityZone><LifecycleState>" +
         lifecycle + "</LifecycleState><HealthStatus>Healthy</HealthStatus><ProtectedFromScaleIn>" +
         is_protected + "</ProtectedFromScaleIn></member>";
}

std::string group_xml(const std::string& more, const std::string& desired = "2") {
  return "<AutoScalingGroups><member><AutoScalingGroupName>gpu</AutoScalingGroupName>"
         "<AutoScalingGroupARN>arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:u-1:"
         "autoScalingGroupName/gpu</AutoScalingGroupARN><MinSize>0</MinSize><MaxSize>4</MaxSize>"
         "<DesiredCapacity>" +
         desired + "</DesiredCapacity>" + more + "</member></AutoScalingGroups>";
}

Result<AutoScalingGroup> described(const std::string& body) {
  TestClient test;
  test.transport.reply_with({ok(body)});
  return AutoScaling(test.client()).describe(kGpu, soon());
}

TEST(AutoScaling, ReadsAGroup) {
  TestClient test;
  test.transport.reply_with({ok(reply_of(
      "DescribeAutoScalingGroups",
      group_xml("<Instances>" + instance_xml("i-1", "InService") +
                instance_xml("i-2", "Pending:Wait", "false") +
                "</Instances><SuspendedProcesses><member><ProcessName>AZRebalance</ProcessName>"
                "<SuspensionReason>by &lt;somebody&gt;</SuspensionReason></member>"
                "</SuspendedProcesses><Tags/><NewInstancesProtectedFromScaleIn>true"
                "</NewInstancesProtectedFromScaleIn>")))});
  const Result<AutoScalingGroup> group = AutoScaling(test.client()).describe(kGpu, soon());
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(std::tie(group->min, group->max, group->desired), std::tuple(0, 4, 2));
  EXPECT_TRUE(group->new_instances_protected);
  EXPECT_FALSE(group->weighted);
  EXPECT_EQ(group->suspended, std::vector<std::string>{"AZRebalance"});
  ASSERT_EQ(group->instances.size(), 2U);
  EXPECT_EQ(group->instances.at(0).id, "i-1");
  EXPECT_EQ(group->instances.at(1).lifecycle, "Pending:Wait");
  EXPECT_FALSE(group->instances.at(1).protected_from_scale_in);
  const net::HttpRequest& request = test.transport.requests.at(0);
  EXPECT_EQ(request.origin.host, "autoscaling.us-east-1.amazonaws.com");
  EXPECT_EQ(request.body,
            "Action=DescribeAutoScalingGroups&Version=2011-01-01&"
            "AutoScalingGroupNames.member.1=gpu");
  EXPECT_EQ(net::find_header(request.headers, "Content-Type"),
            "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_TRUE(net::find_header(request.headers, "Authorization")
                  ->contains("/us-east-1/autoscaling/aws4_request"));
}

TEST(AutoScaling, TellsWhatMakesADesiredCapacityCountSomethingElse) {
  const auto weighted = [](const std::string& more) {
    return described(reply_of("DescribeAutoScalingGroups", group_xml(more)))->weighted;
  };
  EXPECT_FALSE(weighted("<DesiredCapacityType>units</DesiredCapacityType>"));
  EXPECT_TRUE(weighted("<DesiredCapacityType>vcpu</DesiredCapacityType>"));
  EXPECT_TRUE(
      weighted("<Instances><member><InstanceId>i-1</InstanceId><LifecycleState>InService"
               "</LifecycleState><ProtectedFromScaleIn>true</ProtectedFromScaleIn>"
               "<WeightedCapacity>2</WeightedCapacity></member></Instances>"));
  const auto mixed = [&](const std::string& type) {
    return weighted("<MixedInstancesPolicy><LaunchTemplate><Overrides><member>" + type +
                    "</member></Overrides></LaunchTemplate></MixedInstancesPolicy>");
  };
  EXPECT_FALSE(mixed("<InstanceType>g5.xlarge</InstanceType>"));
  EXPECT_TRUE(
      mixed("<InstanceType>g5.xlarge</InstanceType><WeightedCapacity>2"
            "</WeightedCapacity>"));
}

TEST(AutoScaling, TellsAWarmPool) {
  const auto group = described(reply_of(
      "DescribeAutoScalingGroups",
      group_xml("<WarmPoolConfiguration><PoolState>Stopped</PoolState><InstanceReusePolicy>"
                "<ReuseOnScaleIn>true</ReuseOnScaleIn></InstanceReusePolicy>"
                "</WarmPoolConfiguration>")));
  EXPECT_TRUE(group->warm_pool);
  EXPECT_TRUE(group->reuses_instances);
}

TEST(AutoScaling, AGroupThatIsNotThereIsNotFound) {
  EXPECT_EQ(described(reply_of("DescribeAutoScalingGroups", "<AutoScalingGroups/>")).error().kind,
            ErrorKind::NotFound);
}

TEST(AutoScaling, NeverTakesAMissingOrBrokenValueForZero) {
  const std::string operation = "DescribeAutoScalingGroups";
  for (const std::string& body :
       {std::string(), std::string("<"), std::string("{}"), std::string("<html/>"),
        reply_of("DescribePolicies", ""), reply_of(operation, group_xml("", "")),
        reply_of(operation, group_xml("", "-1")), reply_of(operation, group_xml("", "two")),
        reply_of(operation, group_xml("<Instances><member/></Instances>")),
        reply_of(operation, group_xml("<Instances>" + instance_xml("i-1", "InService", "perhaps") +
                                      "</Instances>"))}) {
    const Result<AutoScalingGroup> group = described(body);
    ASSERT_FALSE(group) << body;
    EXPECT_EQ(group.error().kind, ErrorKind::Malformed) << body;
    EXPECT_TRUE(
        group.error().message.starts_with("EC2 Auto Scaling DescribeAutoScalingGroups gpu: "))
        << group.error().message;
  }
}

TEST(AutoScaling, ReadsActivitiesAndCountsPolicies) {
  TestClient test;
  test.transport.reply_with(
      {ok(reply_of("DescribeScalingActivities",
                   "<Activities><member><StatusCode>Failed</StatusCode><StatusMessage>We currently "
                   "do not have sufficient g5.xlarge capacity</StatusMessage><StartTime>"
                   "2026-11-23T11:59:00.500Z</StartTime></member><member><StatusCode>Successful"
                   "</StatusCode><Description>Launching a new EC2 instance: i-1</Description>"
                   "<StartTime>2026-11-23T11:00:00Z</StartTime></member></Activities>")),
       ok(reply_of("DescribePolicies", "<ScalingPolicies><member/><member/></ScalingPolicies>"))});
  AutoScaling groups(test.client());
  const auto activities = groups.activities(kGpu, soon());
  ASSERT_TRUE(activities) << activities.error().message;
  EXPECT_EQ(activities->at(0).status, "Failed");
  EXPECT_EQ(activities->at(0).started, *parse_instant("2026-11-23T11:59:00.5Z"));
  EXPECT_EQ(launched_instance(activities->at(0)), "");
  EXPECT_EQ(launched_instance(activities->at(1)), "i-1");
  EXPECT_EQ(groups.count_policies(kGpu, soon()).value_or(-1), 2);
}

TEST(AutoScaling, APageWithoutPoliciesBeforeAnotherIsNotNone) {
  TestClient test;
  test.transport.reply_with(
      {ok(reply_of("DescribePolicies", "<ScalingPolicies/><NextToken>t</NextToken>")),
       ok(reply_of("DescribePolicies", "<ScalingPolicies/>"))});
  AutoScaling groups(test.client());
  EXPECT_EQ(groups.count_policies(kGpu, soon()).value_or(-1), 1);
  EXPECT_EQ(groups.count_policies(kGpu, soon()).value_or(-1), 0);
}

TEST(AutoScaling, ChangesAGroup) {
  TestClient test;
  test.transport.reply_with(
      {ok("<SetDesiredCapacityResponse/>"), ok("<TerminateInstanceInAutoScalingGroupResponse/>")});
  AutoScaling groups(test.client());
  EXPECT_TRUE(groups.set_desired(kGpu, 3, Deadline::max(), soon()));
  EXPECT_TRUE(groups.end(kGpu, "i-1", Deadline::max(), soon()));
  EXPECT_EQ(test.transport.requests.at(0).body,
            "Action=SetDesiredCapacity&Version=2011-01-01&AutoScalingGroupName=gpu&"
            "DesiredCapacity=3&HonorCooldown=false");
  EXPECT_EQ(test.transport.requests.at(1).body,
            "Action=TerminateInstanceInAutoScalingGroup&Version=2011-01-01&InstanceId=i-1&"
            "ShouldDecrementDesiredCapacity=true");
}

TEST(AutoScaling, RepeatsNoChange) {
  TestClient test;
  test.transport.reply_with({net::HttpResponse{
      .status = 400,
      .body = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate "
              "exceeded</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"}});
  AutoScaling groups(test.client());
  EXPECT_EQ(groups.set_desired(kGpu, 3, Deadline::max(), soon()).error().kind,
            ErrorKind::Throttled);
  EXPECT_EQ(groups.end(kGpu, "i-1", Deadline::max(), soon()).error().kind, ErrorKind::Throttled);
  EXPECT_EQ(test.transport.requests.size(), 2U);
}

TEST(AutoScaling, AGroupsArnTellsRegionAndName) {
  const auto id = parse_group_arn(
      "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:u-1:"
      "autoScalingGroupName/a b:c/d");
  EXPECT_EQ(*id, (GroupId{.region = "eu-central-1", .name = "a b:c/d"}));
  for (const char* wrong :
       {"", "gpu", "arn:aws:ecs:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/g",
        "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/"}) {
    EXPECT_FALSE(parse_group_arn(wrong)) << wrong;
  }
}

TEST(Xml, RefusesWhatAWSDoesNotSend) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<a>";
  }
  for (const std::string& text :
       {deep, std::string("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>"), std::string("<a>"),
        std::string("</a>"), std::string("<a b=>"), std::string("text"),
        std::string("<a><![CDATA[<]]></a>"), std::string("<a/"), std::string("<a><?b?></a>")}) {
    EXPECT_FALSE(parse_xml(text)) << text.substr(0, 40);
  }
  EXPECT_EQ(parse_xml("<?xml version=\"1.0\"?>\n<a b=\"c\"><d> x &amp; y </d></a>")->text_of("d"),
            " x & y ");
}

TEST(Xml, LooksAtEachByteAFewTimesOnly) {
  std::string open;
  for (int i = 0; i < 2'000'000; ++i) {
    open += "<?";
  }
  EXPECT_FALSE(parse_xml(open));
}

}  // namespace
}  // namespace scaler::aws
