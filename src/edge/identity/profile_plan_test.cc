#include "edge/identity/profile_plan.h"

#include <gtest/gtest.h>

#include "edge/identity/digest.h"
#include "edge/identity/profile_entries.h"
#include "edge/identity/profile_settings_table.h"
#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

using json::Reader;

constexpr std::string_view kKeys = "aws_access_key_id=C\naws_secret_access_key=c\n";

aws::ProfileFiles files_of(std::string_view config, std::string_view credentials = "") {
  auto files = aws::parse_profile_files(config, credentials);
  EXPECT_TRUE(files.has_value());
  return files.value_or(aws::ProfileFiles());
}

/// A case of the vectors, in a home where the tokens that it speaks of are.
class PlanCase : public Workstation {
 public:
  explicit PlanCase(const Reader& test)
      : files_{.profiles = sections_of(test, "profiles"),
               .sso_sessions = sections_of(test, "sso_sessions")} {
    folder.write("var/token.jwt", "jwt");
  }

  auto plan(const std::string& profile) {
    const auto here = surroundings();
    return make_plan(files_, profile, {.surroundings = here, .log = log});
  }

  void expect(const Plan& plan, const std::vector<Reader>& steps) {
    ASSERT_EQ(steps.size(), plan.roles.size() + 1);
    expect_first(*plan.first, steps.front());
    for (std::size_t i = 0; i < plan.roles.size(); ++i) {
      const Reader& step = steps[i + 1];
      EXPECT_EQ(aws::text_in(step, "kind"), "AssumeRole");
      EXPECT_EQ(aws::text_in(step, "role_arn"), plan.roles[i].arn);
      EXPECT_EQ(aws::text_in(step, "external_id"), plan.roles[i].external_id);
      EXPECT_EQ(aws::text_in(step, "role_session_name"), plan.roles[i].session_name);
    }
  }

 private:
  aws::ProfileSections sections_of(const Reader& test, std::string_view name) const {
    aws::ProfileSections sections;
    const Reader profiles = *test.field(name);
    for (const auto& [profile, settings] : std::get<json::Object>(profiles.value().data())) {
      sections[profile].settings = aws::texts_in(profiles, profile);
      const auto token = sections[profile].settings.find("web_identity_token_file");
      if (token != sections[profile].settings.end()) {
        token->second = folder.path() + token->second;
      }
    }
    return sections;
  }

  void expect_first(aws::CredentialSource& first, const Reader& step) {
    const std::string kind = aws::text_in(step, "kind");
    if (kind == "AccessKey") {
      const auto keys = first.fetch(aws::soon());
      ASSERT_TRUE(keys.has_value() && keys->has_value());
      EXPECT_EQ(aws::text_in(step, "access_key_id"), (*keys)->access_key_id);
      EXPECT_EQ(aws::text_in(step, "secret_access_key"), (*keys)->secret_access_key.reveal());
    } else if (kind == "WebIdentityToken") {
      expect_web_identity(first, step);
    } else if (kind == "Sso") {
      expect_sso(first, step);
    } else {
      ASSERT_EQ(kind, "NamedSource");
      EXPECT_EQ(first.name(), aws::text_in(step, "named") == "Ec2InstanceMetadata"
                                  ? "instance metadata"
                                  : "container endpoint");
    }
  }

  void expect_web_identity(aws::CredentialSource& first, const Reader& step) {
    EXPECT_EQ(first.description(), "role " + aws::text_in(step, "role_arn") +
                                       " of the web identity in " + folder.path() +
                                       aws::text_in(step, "web_identity_token_file"));
    transport.reply_with({refusal(403)});
    EXPECT_FALSE(first.fetch(aws::soon()).has_value());
    const std::string name = aws::text_in(step, "role_session_name");
    const std::string sent = "&RoleSessionName=" + (name.empty() ? "ecs-scaler-1795435200" : name);
    EXPECT_NE(transport.requests.at(0).body.find(sent + "&"), std::string::npos);
  }

  void expect_sso(aws::CredentialSource& first, const Reader& step) {
    folder.write(".aws/sso/cache/" + sha1_hex(aws::text_in(step, "sso_start_url")) + ".json",
                 R"({"accessToken":"a","expiresAt":"2099-01-01T00:00:00Z"})");
    transport.reply_with({refusal(403)});
    EXPECT_FALSE(first.fetch(aws::soon()).has_value());
    const net::HttpRequest& request = transport.requests.at(0);
    EXPECT_EQ(request.origin.host,
              "portal.sso." + aws::text_in(step, "sso_region") + ".amazonaws.com");
    EXPECT_EQ(request.target,
              "/federation/credentials?role_name=" + aws::text_in(step, "sso_role_name") +
                  "&account_id=" + aws::text_in(step, "sso_account_id"));
  }

  aws::ProfileFiles files_;
};

TEST(PlanVectors, AreFollowed) {
  const json::Value document = aws::read_vectors(SCALER_VECTORS_DIR "/credentials/plans.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  std::size_t differing = 0;
  for (const Reader& test : cases) {
    SCOPED_TRACE(aws::text_in(test, "name"));
    PlanCase place(test);
    const auto plan = place.plan(aws::text_in(test, "profile"));
    const bool found = plan.has_value() && plan->has_value();
    const bool differs = test.optional_field("differs").has_value();
    differing += differs ? 1U : 0U;
    ASSERT_EQ(found, test.optional_field("plan").has_value() && !differs);
    if (found) {
      place.expect(**plan, *test.field("plan")->items());
    }
  }
  EXPECT_EQ(cases.size(), 28U);
  EXPECT_EQ(differing, 1U);
}

struct PlanTest : ::testing::Test, Workstation {
  auto plan(std::string_view config, std::string_view credentials = "",
            const std::string& profile = "p") {
    const auto here = surroundings();
    return make_plan(files_of(config, credentials), profile, {.surroundings = here, .log = log});
  }

  /// The error's message.
  std::string refused(std::string_view config, const std::string& profile = "p") {
    const auto made = plan(config, "", profile);
    if (made.has_value()) {
      return made->has_value() ? "a plan" : "nothing";
    }
    EXPECT_EQ(made.error().kind, ErrorKind::Malformed);
    return made.error().message;
  }

  /// What the source of the first credentials says that it is.
  std::string first(std::string_view config, std::string_view credentials = "") {
    const auto made = plan(config, credentials);
    return made.has_value() && made->has_value() ? (*made)->first->description() : "none";
  }
};

TEST_F(PlanTest, NeverLeavesToTheMachineWhatIsNotUnderstood) {
  EXPECT_EQ(refused("[profile p]\nregion=x\noutput=json\ncli_pager=\ns3 =\n a = b\n"), "nothing");
  EXPECT_EQ(
      refused("[profile p]\nregion=x\nlogin_sesion=y\n"),
      "profile 'p': it has no credentials, and 'login_sesion' is not known: it may mean some");
  EXPECT_EQ(refused("[profile p]\naws access key id = x\n"),
            "profile 'p': it has no credentials, and 'aws access key id' is no setting's name: it "
            "may mean some");
  for (const std::string name :
       {"source_profile", "sso_session", "mfa_serial", "external_id", "credential_source",
        "role_session_name", "duration_seconds", "sso_start_url", "sso_region",
        "sso_registration_scopes", "aws_session_token", "aws_security_token"}) {
    EXPECT_EQ(refused("[profile p]\n" + name + "=x\n"),
              "profile 'p': " + name + " alone gives no credentials");
  }
}

TEST_F(PlanTest, RefusesWhatIsHalfThere) {
  EXPECT_EQ(refused("[profile p]\naws_access_key_id=\naws_secret_access_key=\n"),
            "profile 'p': aws_access_key_id and aws_secret_access_key are needed, both");
  EXPECT_EQ(refused("[profile p]\ncredential_process=\n"),
            "profile 'p': credential_process is empty");
  EXPECT_EQ(refused("[profile p]\nlogin_session=\n"), "profile 'p': login_session is empty");
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\ncredential_source=environment\n"),
            "profile 'p': credential_source 'environment' is none of Environment, "
            "Ec2InstanceMetadata, EcsContainer");
  EXPECT_EQ(
      refused("[profile p]\nrole_arn=r\ncredential_source=Environment\nduration_seconds=1h\n"),
      "profile 'p': duration_seconds '1h' is not a whole number from 900 to 43200");
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nregion=x\n"),
            "profile 'q': it is a source_profile, but has no credentials");
  EXPECT_EQ(refused("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\n"),
            "profile 'p': there is no [sso-session s]");
  EXPECT_EQ(refused("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_region=x\nsso_session=s\n"
                    "[sso-session s]\nsso_region=y\n"),
            "profile 'p': sso_region differs from that of [sso-session s]");
}

TEST_F(PlanTest, TellsTheCircle) {
  EXPECT_EQ(refused("[profile p]\nrole_arn=r\nsource_profile=q\n"
                    "[profile q]\nrole_arn=r\nsource_profile=p\n"),
            "profile 'q': source_profile goes round in a circle: p -> q -> p");
}

TEST_F(PlanTest, KnowsEachSettingEitherAsOneOfCredentialsOrAsNone) {
  for (const ProfileEntry* entry : kProfileEntries) {
    EXPECT_FALSE(entry->settings.empty());
    EXPECT_TRUE(std::ranges::none_of(entry->settings, is_no_credential));
  }
}

TEST_F(PlanTest, TakesKeysBeforeOrAfterOtherWaysByTheFileThatHoldsThem) {
  const std::string keys(kKeys);
  const std::string others = "[profile p]\ncredential_process=x\nlogin_session=y\n";
  EXPECT_EQ(first(others, "[p]\n" + keys), "keys of profile 'p'");
  EXPECT_EQ(first(others + keys), "aws login session y, profile 'p'");
  EXPECT_EQ(first("[profile p]\ncredential_process=x\n" + keys),
            "credential_process of profile 'p'");
  EXPECT_EQ(first("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_region=x\n"
                  "sso_start_url=u\n",
                  "[p]\n" + keys),
            "SSO role r of account 1, profile 'p'");
}

TEST_F(PlanTest, PutsTheVariablesOfAWebIdentityAboveTheProfileButForARole) {
  const std::string keys = "[profile q]\n" + std::string(kKeys);
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/t";
  EXPECT_EQ(refused("", "default"), "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  environment["AWS_ROLE_ARN"] = "v";
  EXPECT_EQ(first("[profile p]\n" + std::string(kKeys)), "role v of the web identity in /t");
  EXPECT_EQ(first("[profile p]\nrole_arn=r\nweb_identity_token_file=/other\n"),
            "role v of the web identity in /t");
  EXPECT_EQ(first("[profile p]\nrole_arn=r\ncredential_source=EcsContainer\n"),
            "container endpoint");
  EXPECT_EQ(first("[profile p]\nrole_arn=r\nsource_profile=q\n" + keys), "keys of profile 'q'");
}

TEST_F(PlanTest, LeavesNothingToTheMachineWhereASectionOfTheProfileIsNotRead) {
  const std::string keys(kKeys);
  EXPECT_EQ(refused("[default]\n" + keys + "[profile default]\nregion=r\n", "default"),
            "profile 'default': it has no credentials, and its section [default] is not read "
            "beside [profile default]");
  EXPECT_EQ(refused("[profile p]\nregion=r\n[p]\n" + keys),
            "profile 'p': it has no credentials, and its section [p] is not read: in the config "
            "file it is to be [profile p]");
}

TEST_F(PlanTest, TellsHowASectionIsToBeWrittenThatIsNotRead) {
  EXPECT_EQ(
      refused("[profile p]\nrole_arn=r\nsource_profile=a b\n[profile a b]\n" + std::string(kKeys)),
      "profile 'p': its source_profile 'a b' does not exist; [profile a b] is not read: "
      "write [profile \"a b\"]");
  EXPECT_EQ(refused("[profile p]\nsso_account_id=1\nsso_role_name=r\nsso_session=a b\n"
                    "[sso-session a b]\n"),
            "profile 'p': there is no [sso-session a b]; [sso-session a b] is not read: write "
            "[sso-session \"a b\"]");
}

TEST_F(PlanTest, KeepsTheTokenOfEitherName) {
  const auto made = plan("[profile p]\n" + std::string(kKeys) + "aws_security_token=t\n");
  ASSERT_TRUE(made.has_value() && made->has_value());
  EXPECT_EQ((**made).first->fetch(aws::soon())->value().session_token, Secret("t"));
}

}  // namespace
}  // namespace scaler::identity
