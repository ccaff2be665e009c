#include "edge/identity/workstation.h"

#include <gtest/gtest.h>

#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

using namespace std::chrono_literals;
using aws::ok;

net::HttpResponse assumed(const std::string& id, const std::string& expires) {
  return ok("<r><AccessKeyId>" + id + "</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>" +
            "<SessionToken>tok-" + id + "</SessionToken><Expiration>" + expires +
            "</Expiration></r>");
}

class WorkstationTest : public ::testing::Test, protected Workstation {
 protected:
  const std::string& body(std::size_t index) const { return transport.requests.at(index).body; }
};

TEST_F(WorkstationTest, TakesTheProfileThatIsNamed) {
  write_config("[profile p]\naws_access_key_id=C\naws_secret_access_key=c\n");
  folder.write(".aws/credentials",
               "[default]\naws_access_key_id=D\naws_secret_access_key=d\n"
               "[p]\nAWS_Access_Key_Id=P\naws_secret_access_key=p\naws_session_token=t\n");
  EXPECT_EQ(error(), "got D");
  environment["AWS_PROFILE"] = "p";
  EXPECT_EQ(error(), "got P");
  EXPECT_EQ(current()->session_token, Secret("t"));
  environment["AWS_PROFILE"] = "q";
  EXPECT_TRUE(error().starts_with("AWS_PROFILE: there is no profile 'q' in ")) << error();
}

TEST_F(WorkstationTest, AsksTheMachineOnlyWhenTheProfileMeansNobody) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport.reply_with({ok(R"({"AccessKeyId":"MACHINE","SecretAccessKey":"s"})")});
  write_config("[default]\nregion = x\noutput = json\n");
  EXPECT_EQ(error(), "got MACHINE");
  transport.requests.clear();
  write_config("[default]\nregion = x\nlogin_sesion = y\n");
  EXPECT_TRUE(error().starts_with("profile 'default': it has no credentials")) << error();
  write_config("[default]\nrole_arn = r\ncredential_source = Environment\n");
  EXPECT_EQ(error(), "role r: no AWS credentials found in: environment");
  write_config("[default]\ncredential_process = no-such-program-here\n");
  EXPECT_EQ(error(),
            "credential_process of profile 'default': run no-such-program-here: No such "
            "file or directory");
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(WorkstationTest, AsksTheMachineNotWhereAnOlderProgramsFileMeansSomebody) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport.reply_with({ok(R"({"AccessKeyId":"MACHINE","SecretAccessKey":"s"})")});
  const std::string keys = "[Credentials]\n AWS_Access_Key_Id = K\naws_secret_access_key=hush\n";
  const std::string instead = "write the keys into ~/.aws/credentials";
  const std::string told = " holds aws_access_key_id, and is not read: " + instead;
  environment["BOTO_CONFIG"] = folder.write("named", keys);
  EXPECT_EQ(error(), "BOTO_CONFIG: " + folder.path() + "/named" + told);
  environment["BOTO_CONFIG"] = "$HOME/named";
  EXPECT_EQ(error(), "BOTO_CONFIG: " + folder.path() + "/named" + told);
  environment["BOTO_CONFIG"] = "/dev/null";
  EXPECT_EQ(error(), "got MACHINE");
  environment["BOTO_CONFIG"] = folder.path() + "/missing";
  EXPECT_EQ(error(), "got MACHINE");
  environment.erase("BOTO_CONFIG");
  folder.write(".boto", "[Boto]\n# aws_access_key_id = K\n");
  EXPECT_EQ(error(), "got MACHINE");
  folder.write(".boto", keys);
  transport.requests.clear();
  EXPECT_EQ(error(), folder.path() + "/.boto" + told);
  environment["AWS_CREDENTIAL_FILE"] = "/anywhere";
  EXPECT_EQ(error(), "AWS_CREDENTIAL_FILE is set, and its file is not read: " + instead);
  EXPECT_TRUE(transport.requests.empty());
  write_config("[default]\naws_access_key_id=C\naws_secret_access_key=c\n");
  EXPECT_EQ(error(), "got C");
}

TEST_F(WorkstationTest, SaysWhoNeedsARegion) {
  environment.erase("AWS_REGION");
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.write("token", "first\n");
  environment["AWS_ROLE_ARN"] = "arn:r";
  const std::string told = "AWS_REGION is not set, and profile 'default' has no region";
  EXPECT_EQ(error(), "STS AssumeRoleWithWebIdentity arn:r: " + told);
}

TEST_F(WorkstationTest, AssumesARoleAfterAnotherAndKeepsWhatIsFresh) {
  write_config(
      "[default]\nrole_arn = arn:last\nsource_profile = middle\nexternal_id = e\n"
      "[profile middle]\nrole_arn = arn:middle\nsource_profile = base\nrole_session_name = me\n"
      "[profile base]\naws_access_key_id=BASE\naws_secret_access_key=b\n");
  transport.reply_with({assumed("M", "2026-11-23T18:00:00Z"), assumed("L1", "2026-11-23T13:00:00Z"),
                        assumed("L2", "2026-11-23T14:00:00Z")});
  auto kept = provider();
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "L1");
  EXPECT_NE(body(0).find("RoleArn=arn%3Amiddle&RoleSessionName=me"), std::string::npos) << body(0);
  EXPECT_NE(body(1).find("RoleArn=arn%3Alast&"), std::string::npos) << body(1);
  EXPECT_NE(body(1).find("&ExternalId=e"), std::string::npos) << body(1);
  EXPECT_EQ(net::find_header(transport.requests.at(1).headers, "x-amz-security-token"), "tok-M");
  EXPECT_EQ(kept.source(),
            "role arn:last, assumed by role arn:middle, assumed by keys of profile 'base'");
  clock.advance(51min);
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "L2");
  EXPECT_EQ(transport.requests.size(), 3U);
}

TEST_F(WorkstationTest, AsksForAnMfaCodeOnceAndSendsIt) {
  write_config(
      "[default]\nrole_arn = r\nsource_profile = base\nmfa_serial = arn:mfa\n"
      "duration_seconds = 900\n"
      "[profile base]\naws_access_key_id=BASE\naws_secret_access_key=b\n");
  transport.reply_with({assumed("R", "2026-11-23T12:15:00Z")});
  auto kept = provider();
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "R");
  EXPECT_NE(body(0).find("DurationSeconds=900&SerialNumber=arn%3Amfa&TokenCode=123456"),
            std::string::npos);
  clock.advance(14min);
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "R");
  EXPECT_EQ(kept.renew(aws::soon()).error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(asked_codes, std::vector<std::string>{"arn:mfa"});
}

TEST_F(WorkstationTest, ReadsAWebIdentitysTokenAnewEachTime) {
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.write("token", "first\n");
  environment["AWS_ROLE_ARN"] = "arn:r";
  transport.reply_with(
      {assumed("A", "2026-11-23T13:00:00Z"), assumed("B", "2026-11-23T14:00:00Z")});
  auto kept = provider();
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "A");
  EXPECT_EQ(body(0),
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&"
            "RoleSessionName=ecs-scaler-1795435200&WebIdentityToken=first");
  EXPECT_FALSE(net::find_header(transport.requests.at(0).headers, "authorization"));
  folder.write("token", "second");
  clock.advance(55min);
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "B");
  EXPECT_TRUE(body(1).ends_with("&WebIdentityToken=second"));
}

TEST_F(WorkstationTest, NeverQuotesAWebIdentity) {
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.write("token", "eyJhbGciOi.x.y");
  environment["AWS_ROLE_ARN"] = "arn:r";
  transport.reply_with(
      {refusal(400,
               "<E><Error><Code>InvalidIdentityToken</Code><Message>eyJhbGciOi.x.y "
               "is no token</Message></Error></E>")});
  EXPECT_EQ(error(),
            "STS AssumeRoleWithWebIdentity arn:r: InvalidIdentityToken: [hidden] is no "
            "token");
}

TEST_F(WorkstationTest, PrefersTheEnvironment) {
  write_config("[default]\nrole_arn = r\nsource_profile = missing\n");
  environment["AWS_ACCESS_KEY_ID"] = "E";
  environment["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(error(), "got E");
}

}  // namespace
}  // namespace scaler::identity
