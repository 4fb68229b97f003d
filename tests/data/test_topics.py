"""The content as it stands: every topic is there, and the lint has nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lint_content import ROOT, lint
from shared.located_yaml import read
from shared.reply import EMERGENCY_CARE

TOPICS = """
acne_folliculitis aftercare alcohol_caffeine allergic_reaction alopecia_areata autoimmune_conditions bleeding_scabs
blood_donation blood_thinners_bleeding bloodborne_diseases bot_limits_diagnosis cancer_risk chat_privacy color_change
complaints_reporting consultation contaminated_ink cost dark_skin diabetes emergency_anaphylaxis emergency_bleeding
emergency_eye emergency_fainting_chest_pain emergency_head_injury emergency_infection emergency_numbing_toxicity
emergency_other emergency_seizure emergency_self_harm emergency_stroke emergency_swallowed epilepsy eu_rules
eye_inflammation_uveitis fda_regulation granuloma_sarcoid hair_growth_follicles hair_loss_worsening hair_transplant
heart_condition heavy_metals how_long_it_lasts how_many_sessions infection_signs ink_ingredients ink_quality_brands
is_smp_safe isotretinoin keloids_raised_scars license_qualified_technician living_with_hiv_hepatitis
lymph_nodes_ink_travel mental_health_bdd migration_blurring minoxidil_finasteride moles_skin_cancer mri natural_look
needle_safety normal_healing numbing_cream other_medicines other_scalp_treatments pain patch_test
pregnancy_breastfeeding psoriasis_eczema questions_to_ask regret_permanence removal_laser scalp_cooling
scar_camouflage seborrheic_dermatitis_dandruff sensitive_skin shaving sick_before_session side_effects studio_hygiene
sun_sunscreen sunburnt_scalp sweat_exercise_swimming under_18 vegan_organic_ink vitiligo washing_hair
weak_immune_system_chemo what_is_smp women
""".split()
FILES = sorted((ROOT / "data" / "topics").glob("*.yml"))


def test_every_topic_is_there() -> None:
    """None of the 89 topics was lost."""
    assert len(TOPICS) == 89
    assert sorted(set(TOPICS) - {path.stem for path in FILES}) == []


def test_the_lint_has_nothing_to_say() -> None:
    """Every topic is whole, and nothing the assistant can say makes a claim it must not."""
    assert [problem.text(ROOT) for problem in lint()] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.stem.startswith("emergency_")], ids=lambda p: p.stem)
def test_an_emergency_is_one(path: Path) -> None:
    """Each emergency topic is of that kind and sends the visitor to emergency care."""
    ((_, (response,)),) = read(path).content["responses"].items()
    assert response["metadata"]["kind"] == "emergency"
    assert response["metadata"]["care"] in EMERGENCY_CARE
