"""Short FAQ texts in many languages, written for these tests: language -> (question, answer) pairs, then one line more.

The pairs keep to the letters of the language and plain punctuation, so that the older codecs can hold them. The line more
has what word processors put in: curly quotes, dashes, the euro sign.
"""

PAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "zh": (
        (
            "怎样申请退货？",
            "收到商品之后七天以内，可以在“我的订单”页面点击申请退货。我们审核通过以后，会安排快递员上门取件。",
        ),
        ("运费由谁承担？", "如果是商品质量问题，来回运费都由我们承担；如果是个人原因，寄回的运费需要您自己支付。"),
        ("多久可以收到退款？", "仓库收到商品并且检查没有问题，三个工作日之内会把钱退到您原来的付款账户。"),
    ),
    "zh-Hant": (
        (
            "請問要怎麼申請退貨？",
            "收到商品之後七天以內，可以在會員中心的訂單頁面按下申請退貨。我們確認以後，會請宅配人員到府收件。",
        ),
        ("運費由誰負擔？", "如果是商品有瑕疵，來回的運費都由我們負擔；如果是個人因素，寄回的運費需要您自己支付。"),
        ("什麼時候可以收到退款？", "倉庫收到商品並且檢查沒有問題，三個工作天之內會把錢退到您原來的付款帳戶。"),
    ),
    "ja": (
        (
            "返品はできますか？",
            "商品が届いてから十四日以内であれば、未使用のものに限り返品をお受けします。マイページの注文履歴から手続きをしてください。",
        ),
        ("送料はいくらですか？", "全国一律五百円です。一回のご注文が五千円以上の場合、送料は無料になります。"),
        (
            "支払い方法を教えてください。",
            "クレジットカード、銀行振込、コンビニ払いがご利用いただけます。領収書が必要な方はお知らせください。",
        ),
    ),
    "ko": (
        (
            "반품은 어떻게 신청하나요?",
            "상품을 받으신 날부터 칠일 이내에 마이페이지의 주문 내역에서 반품을 신청하실 수 있습니다. 택배 기사가 방문하여 수거합니다.",
        ),
        ("배송비는 얼마인가요?", "기본 배송비는 삼천원이며, 오만원 이상 구매하시면 무료로 보내 드립니다."),
        (
            "환불은 언제 받을 수 있나요?",
            "상품이 도착하고 확인이 끝나면 영업일 기준으로 사흘 안에 결제하신 방법으로 돌려 드립니다.",
        ),
    ),
    "ru": (
        (
            "Как вернуть товар?",
            "Вы можете вернуть товар в течение четырнадцати дней после получения. Заполните заявление в личном кабинете, и курьер заберёт посылку.",
        ),
        (
            "Сколько стоит доставка?",
            "Доставка по городу бесплатная, если сумма заказа больше трёх тысяч рублей. В остальных случаях она стоит триста рублей.",
        ),
        ("Когда придут деньги?", "Мы проверим товар и переведём деньги на вашу карту за пять рабочих дней."),
    ),
    "uk": (
        (
            "Як повернути товар?",
            "Ви можете повернути товар протягом чотирнадцяти днів після отримання. Заповніть заяву в особистому кабінеті, і кур'єр забере посилку.",
        ),
        (
            "Скільки коштує доставка?",
            "Доставка по місту безкоштовна, якщо сума замовлення більша за тисячу гривень. Її можна також оплатити готівкою.",
        ),
        ("Коли я отримаю гроші?", "Ми перевіримо товар і повернемо гроші на вашу картку протягом п'яти робочих днів."),
    ),
    "bg": (
        (
            "Как мога да върна продукт?",
            "Можете да върнете продукта до четиринадесет дни след получаването му. Попълнете формуляра в своя профил и куриерът ще вземе пратката.",
        ),
        (
            "Колко струва доставката?",
            "Доставката е безплатна за поръчки над петдесет лева. За всички останали поръчки плащате пет лева.",
        ),
        (
            "Кога ще получа парите си?",
            "След като проверим продукта, връщаме сумата по вашата карта до пет работни дни.",
        ),
    ),
    "de": (
        (
            "Wie kann ich einen Artikel zurückschicken?",
            "Sie können jeden Artikel binnen vierzehn Tagen zurückgeben. Öffnen Sie dafür Ihr Kundenkonto, wählen Sie die Bestellung und drucken Sie das Rücksendeetikett.",
        ),
        (
            "Was kostet der Versand?",
            "Der Versand ist ab fünfzig Euro kostenlos, für kleinere Bestellungen berechnen wir eine Gebühr. Größere Möbel liefert eine Spedition.",
        ),
        (
            "Wann erhalte ich mein Geld zurück?",
            "Wir prüfen die Ware und überweisen den Betrag spätestens nach fünf Werktagen.",
        ),
    ),
    "fr": (
        (
            "Comment retourner un article ?",
            "Vous pouvez retourner un article dans les quatorze jours après réception. Connectez-vous à votre espace client, sélectionnez la commande et imprimez l'étiquette prépayée.",
        ),
        (
            "Combien coûte la livraison ?",
            "La livraison est gratuite dès cinquante euros d'achat. En dessous, les frais s'élèvent à quatre euros, où que vous soyez.",
        ),
        (
            "Quand serai-je remboursé ?",
            "Dès que le colis a été vérifié à l'entrepôt, le remboursement est effectué sous cinq jours ouvrés, ça ne dépend pas de nous ensuite.",
        ),
    ),
    "es": (
        (
            "¿Cómo puedo devolver un artículo?",
            "Tiene catorce días desde la recepción para devolver cualquier artículo. Entre en su cuenta, elija el pedido y descargue la etiqueta de devolución.",
        ),
        (
            "¿Cuánto cuesta el envío?",
            "El envío es gratuito a partir de cincuenta euros. Para pedidos más pequeños cobramos cuatro euros, también en las islas.",
        ),
        (
            "¿Cuándo recibiré mi dinero?",
            "Después de revisar el artículo en nuestro almacén, le devolvemos el importe en cinco días hábiles. ¡No tiene que llamar mañana!",
        ),
    ),
    "pt": (
        (
            "Como posso devolver um artigo?",
            "Tem catorze dias após a receção para devolver qualquer artigo. Entre na sua conta, escolha a encomenda e imprima a etiqueta de devolução.",
        ),
        (
            "Quanto custa o envio?",
            "O envio é grátis a partir de cinquenta euros. Para encomendas menores cobramos três euros, incluindo as regiões autónomas.",
        ),
        (
            "Quando recebo o meu dinheiro?",
            "Depois da verificação no armazém, a devolução é feita em cinco dias úteis. Não é necessária nenhuma ação da sua parte, são só alguns cliques.",
        ),
    ),
    "it": (
        (
            "Come posso restituire un articolo?",
            "Hai quattordici giorni dalla consegna per restituire qualsiasi articolo. Accedi al tuo profilo, scegli l'ordine e stampa l'etichetta: è già pagata.",
        ),
        (
            "Quanto costa la spedizione?",
            "La spedizione è gratuita sopra i cinquanta euro. Negli altri casi il costo sarà di quattro euro, più un supplemento per le città sulle isole.",
        ),
        (
            "Quando riceverò il rimborso?",
            "Dopo la verifica il denaro verrà restituito entro cinque giorni lavorativi, perché la banca può metterci un po' di più.",
        ),
    ),
    "nl": (
        (
            "Hoe stuur ik een artikel terug?",
            "Je kunt elk artikel binnen veertien dagen terugsturen. Open je account, kies de bestelling en print het label. Eén doos is genoeg voor alle artikelen.",
        ),
        (
            "Wat kost de verzending naar België?",
            "Verzending is gratis vanaf vijftig euro. Voor kleinere bestellingen vragen wij vier euro, ook op financiële cadeaus.",
        ),
        (
            "Wanneer krijg ik mijn geld terug?",
            "Zodra het pakket is gecontroleerd, betalen wij het bedrag in vijf werkdagen terug, zonder extra coördinatie.",
        ),
    ),
    "sv": (
        (
            "Hur returnerar jag en vara?",
            "Du kan lämna tillbaka alla varor inom fjorton dagar. Logga in på ditt konto, välj beställningen och skriv ut fraktsedeln.",
        ),
        (
            "Vad kostar frakten?",
            "Frakten är fri från femhundra kronor. För mindre beställningar är avgiften fyrtionio kronor, även på öarna.",
        ),
        (
            "När får jag pengarna tillbaka?",
            "När vi har kontrollerat varan betalar vi tillbaka beloppet inom fem arbetsdagar. Du behöver inte göra något själv.",
        ),
    ),
    "da": (
        (
            "Hvordan returnerer jeg en vare?",
            "Du kan sende alle varer tilbage inden for fjorten dage. Log ind på din konto, vælg ordren og udskriv labelen. Pakken må gerne være åbnet.",
        ),
        (
            "Hvad koster fragten?",
            "Fragten er gratis ved køb over fem hundrede kroner. Ellers koster levering niogfyrre kroner, også på øerne.",
        ),
        (
            "Hvornår får jeg mine penge?",
            "Når vi har set på varen, får du beløbet tilbage på fem hverdage. Det gælder også, hvis du har købt på tilbud.",
        ),
    ),
    "fi": (
        (
            "Miten palautan tuotteen?",
            "Voit palauttaa tuotteen neljäntoista päivän kuluessa. Kirjaudu sisään, valitse tilaus ja tulosta palautuslappu. Lähetä paketti lähimmästä postista.",
        ),
        (
            "Paljonko toimitus maksaa?",
            "Toimitus on ilmainen yli viidenkymmenen euron tilauksille. Pienemmistä tilauksista peritään neljä euroa, myös syrjäisillä alueilla.",
        ),
        (
            "Milloin saan rahani takaisin?",
            "Tarkistamme tuotteen ja palautamme maksun viidessä arkipäivässä. Sinun ei tarvitse tehdä enää mitään, vaikka yö tulisi väliin.",
        ),
    ),
    "is": (
        (
            "Hvernig skila ég vöru?",
            "Þú getur skilað vöru innan fjórtán daga frá afhendingu. Skráðu þig inn, veldu pöntunina og prentaðu út merkimiðann.",
        ),
        (
            "Hvað kostar að fá sent heim?",
            "Sending er ókeypis ef keypt er fyrir meira en tíu þúsund krónur. Annars kostar hún átta hundruð krónur um allt land.",
        ),
        (
            "Hvenær fæ ég endurgreitt?",
            "Þegar við höfum skoðað vöruna greiðum við upphæðina til baka innan fimm virkra daga. Það þarf ekki að hafa samband.",
        ),
    ),
    "pl": (
        (
            "Jak mogę zwrócić towar?",
            "Każdy towar można zwrócić w ciągu czternastu dni od otrzymania. Zaloguj się na swoje konto, wybierz zamówienie i wydrukuj etykietę. Kurier przyjedzie następnego dnia.",
        ),
        (
            "Ile kosztuje wysyłka?",
            "Wysyłka jest bezpłatna przy zakupach powyżej dwustu złotych. W pozostałych przypadkach płacisz piętnaście złotych, również za duże paczki.",
        ),
        (
            "Kiedy dostanę pieniądze?",
            "Gdy sprawdzimy towar w magazynie, zwrócimy należność w ciągu pięciu dni roboczych. Źle zapakowane rzeczy mogą potrwać dłużej.",
        ),
    ),
    "cs": (
        (
            "Jak mohu zboží vrátit?",
            "Zboží můžete vrátit do čtrnácti dnů od převzetí. Přihlaste se ke svému účtu, vyberte objednávku a vytiskněte štítek. Kurýr přijede následující den.",
        ),
        (
            "Kolik stojí doprava?",
            "Doprava je zdarma při nákupu nad tisíc korun. V ostatních případech zaplatíte devětadevadesát korun, i když je balík těžký.",
        ),
        (
            "Kdy dostanu peníze zpět?",
            "Jakmile zboží zkontrolujeme, pošleme částku na váš účet během pěti pracovních dnů. Nemusíte už nic dělat.",
        ),
    ),
    "hu": (
        (
            "Hogyan küldhetem vissza a terméket?",
            "A terméket tizennégy napon belül küldheti vissza. Lépjen be a fiókjába, válassza ki a rendelést, és nyomtassa ki a címkét. A futár másnap érkezik.",
        ),
        (
            "Mennyibe kerül a szállítás?",
            "Tízezer forint fölött a szállítás ingyenes. Kisebb rendelésnél ezerkétszáz forintot kérünk, bárhová is kéri a csomagot. Erről később értesítjük Önt is, a főoldalon.",
        ),
        (
            "Mikor kapom vissza a pénzem?",
            "Miután ellenőriztük a terméket, öt munkanapon belül visszautaljuk az összeget, külön kérés nélkül. Az ügyfélszolgálat ettől függetlenül elérhető, örülünk, ha ír: nekünk ez nem teher, hanem erő.",
        ),
    ),
    "ro": (
        (
            "Cum pot returna un produs?",
            "Puteți returna orice produs în paisprezece zile de la primire. Intrați în cont, alegeți comanda și tipăriți eticheta. Curierul vine a doua zi.",
        ),
        (
            "Cât costă livrarea?",
            "Livrarea este gratuită pentru cumpărături de peste două sute de lei. Altfel plătiți cincisprezece lei, oriunde în țară.",
        ),
        (
            "Când primesc banii înapoi?",
            "După ce verificăm produsul, vă întoarcem suma în cinci zile lucrătoare. Nu trebuie să mai faceți nimic.",
        ),
    ),
    "hr": (
        (
            "Kako mogu vratiti proizvod?",
            "Svaki proizvod možete vratiti u roku od četrnaest dana. Prijavite se na svoj račun, izaberite narudžbu i ispišite naljepnicu. Dostavljač će doći sljedeći dan.",
        ),
        (
            "Koliko košta dostava?",
            "Dostava je besplatna za kupnju iznad pedeset eura. U ostalim slučajevima plaćate četiri eura, što vrijedi i za otoke.",
        ),
        (
            "Kada ću dobiti novac?",
            "Čim pregledamo proizvod, vraćamo iznos u roku od pet radnih dana. Više ništa ne trebate učiniti, osim ako pošiljka već kasni. Vođenje računa je naša briga.",
        ),
    ),
    "tr": (
        (
            "Ürünü nasıl iade edebilirim?",
            "Ürünü teslim aldıktan sonra on dört gün içinde iade edebilirsiniz. Hesabınıza giriş yapın, siparişi seçin ve etiketi yazdırın. Kargo görevlisi ertesi gün gelir.",
        ),
        (
            "Kargo ücreti ne kadar?",
            "Beş yüz liranın üzerindeki alışverişlerde kargo ücretsizdir. Daha küçük siparişler için kırk lira alınır, büyük ürünler de buna dahildir.",
        ),
        (
            "Param ne zaman iade edilir?",
            "Ürün depomuzda kontrol edildikten sonra tutar beş iş günü içinde kartınıza yatırılır. İstanbul dışında da değişiklik olmaz.",
        ),
    ),
    "el": (
        (
            "Πώς μπορώ να επιστρέψω ένα προϊόν;",
            "Μπορείτε να επιστρέψετε κάθε προϊόν μέσα σε δεκατέσσερις ημέρες από την παραλαβή. Συνδεθείτε στον λογαριασμό σας, επιλέξτε την παραγγελία και εκτυπώστε την ετικέτα.",
        ),
        (
            "Πόσο κοστίζει η αποστολή;",
            "Η αποστολή είναι δωρεάν για αγορές πάνω από πενήντα ευρώ. Αλλιώς η χρέωση είναι τέσσερα ευρώ, ακόμη και για τα νησιά.",
        ),
        (
            "Πότε θα πάρω τα χρήματά μου;",
            "Αφού ελέγξουμε το προϊόν, επιστρέφουμε το ποσό σε πέντε εργάσιμες ημέρες. Δεν χρειάζεται να κάνετε τίποτε άλλο.",
        ),
    ),
    "ar": (
        (
            "كيف يمكنني إرجاع المنتج؟",
            "يمكنك إرجاع أي منتج خلال أربعة عشر يوما من تاريخ الاستلام. ادخل إلى حسابك ثم اختر الطلب واطبع الملصق. سيأتي المندوب في اليوم التالي.",
        ),
        (
            "كم تكلفة الشحن؟",
            "الشحن مجاني للطلبات التي تزيد على مئتي ريال. أما الطلبات الأصغر فنأخذ عليها خمسة عشر ريالا في جميع المدن.",
        ),
        (
            "متى أستلم نقودي؟",
            "بعد فحص المنتج في المستودع نعيد المبلغ إلى بطاقتك خلال خمسة أيام عمل، ولا تحتاج إلى أي إجراء آخر.",
        ),
    ),
    "he": (
        (
            "איך אפשר להחזיר מוצר?",
            "אפשר להחזיר כל מוצר בתוך ארבעה עשר ימים מיום הקבלה. היכנסו לחשבון שלכם, בחרו את ההזמנה והדפיסו את התווית. השליח יגיע למחרת.",
        ),
        (
            "כמה עולה המשלוח?",
            "המשלוח חינם בקנייה מעל מאתיים שקלים. בהזמנות קטנות יותר המחיר הוא עשרים וחמישה שקלים לכל הארץ.",
        ),
        (
            "מתי אקבל את הכסף?",
            "לאחר שנבדוק את המוצר במחסן נחזיר את הסכום לכרטיס האשראי בתוך חמישה ימי עסקים, ואין צורך לעשות דבר.",
        ),
    ),
    "th": (
        (
            "ฉันจะคืนสินค้าได้อย่างไร",
            "คุณสามารถคืนสินค้าได้ภายในสิบสี่วันนับจากวันที่ได้รับ เข้าสู่บัญชีของคุณ เลือกคำสั่งซื้อ แล้วพิมพ์ใบปะหน้า พนักงานจะไปรับในวันถัดไป",
        ),
        ("ค่าจัดส่งเท่าไร", "จัดส่งฟรีเมื่อซื้อครบห้าร้อยบาท หากน้อยกว่านั้นคิดค่าส่งสี่สิบบาททั่วประเทศ รวมถึงเกาะต่าง ๆ ด้วย"),
        ("จะได้รับเงินคืนเมื่อไหร่", "เมื่อเราตรวจสอบสินค้าเรียบร้อยแล้ว จะโอนเงินคืนเข้าบัญชีของคุณภายในห้าวันทำการ ไม่ต้องทำอะไรเพิ่มเติม"),
    ),
    "vi": (
        (
            "Làm thế nào để trả lại hàng?",
            "Bạn có thể trả lại hàng trong vòng mười bốn ngày kể từ khi nhận. Hãy đăng nhập tài khoản, chọn đơn hàng và in nhãn gửi trả.",
        ),
        (
            "Phí giao hàng là bao nhiêu?",
            "Chúng tôi giao hàng miễn phí cho đơn từ năm trăm nghìn đồng. Đơn nhỏ hơn phải trả ba mươi nghìn đồng trên toàn quốc.",
        ),
        (
            "Khi nào tôi được hoàn tiền?",
            "Sau khi kiểm tra hàng ở kho, chúng tôi chuyển tiền về thẻ của bạn trong năm ngày làm việc.",
        ),
    ),
    "lt": (
        (
            "Kaip grąžinti prekę?",
            "Kiekvieną prekę galite grąžinti per keturiolika dienų nuo gavimo. Prisijunkite prie savo paskyros, pasirinkite užsakymą ir išspausdinkite etiketę. Kurjeris atvyks kitą dieną.",
        ),
        (
            "Kiek kainuoja pristatymas?",
            "Pristatymas nemokamas, jei perkate už daugiau kaip penkiasdešimt eurų. Už mažesnius užsakymus imame keturių eurų mokestį, kad ir kur būtumėte.",
        ),
        (
            "Kada gausiu pinigus?",
            "Patikrinę prekę, pinigus grąžinsime per penkias darbo dienas. Jums nieko daugiau nereikės daryti, mes viską sutvarkysime ir pranešime apie būklę.",
        ),
    ),
    "lv": (
        (
            "Kā es varu atgriezt preci?",
            "Jūs varat atgriezt jebkuru preci četrpadsmit dienu laikā pēc saņemšanas. Piesakieties savā kontā, izvēlieties pasūtījumu un izdrukājiet uzlīmi. Kurjers atbrauks nākamajā dienā.",
        ),
        (
            "Cik maksā piegāde?",
            "Piegāde ir bez maksas pirkumiem virs piecdesmit eiro. Mazākiem pasūtījumiem maksa ir četri eiro, arī ārpus Rīgas. Ķīmiskās vielas mēs nesūtām, ģeogrāfiskais punkts nav svarīgs.",
        ),
        (
            "Kad es saņemšu naudu?",
            "Pēc preces pārbaudes mēs pārskaitīsim naudu piecu darba dienu laikā. Jums vairāk nekas nav jādara, paldies, ka iepērkaties pie mums, ņemot vērā noteikumus.",
        ),
    ),
    "et": (
        (
            "Kuidas kaupa tagastada?",
            "Kauba saate tagastada neljateistkümne päeva jooksul pärast kättesaamist. Logige oma kontole sisse, valige tellimus ja printige silt välja. Kuller tuleb järgmisel päeval.",
        ),
        (
            "Kui palju maksab tarne?",
            "Üle viiekümne euro ostude puhul on tarne tasuta. Väiksemate tellimuste eest tuleb maksta neli eurot, ka saartel, ööpäev läbi.",
        ),
        (
            "Millal ma raha tagasi saan?",
            "Pärast kauba ülevaatamist kanname summa viie tööpäeva jooksul teie kontole. Te ei pea rohkem midagi tegema, kõik käib iseenesest.",
        ),
    ),
    "cy": (
        (
            "Sut mae dychwelyd eitem?",
            "Gallwch ddychwelyd eitem o fewn pedwar diwrnod ar ddeg. Ewch i'ch cyfrif, dewiswch yr archeb ac argraffwch y label. Mae'n rhaid cadw'r tŷ yn daclus, a bydd y gŵr yn dod i'w nôl.",
        ),
        (
            "Faint mae'n ei gostio?",
            "Mae'r cludiant am ddim dros hanner cant o bunnoedd. Fel arall, pedair punt yw'r pris, hyd yn oed os yw'r dŵr yn uchel neu'r tân ynghynn.",
        ),
        (
            "Pryd ga i fy arian yn ôl?",
            "Ar ôl gweld yr eitem, fe gewch eich arian ymhen pum niwrnod gwaith. Does dim angen gwneud dim byd arall, dim ond aros yn y tŷ.",
        ),
    ),
    "eo": (
        (
            "Kiel mi povas resendi varon?",
            "Vi povas resendi ĉiun varon dum dek kvar tagoj post la ricevo. Malfermu vian konton, elektu la mendon kaj presu la etikedon. La kuriero venos en la sekva tago, ĝenerale antaŭ tagmezo.",
        ),
        (
            "Kiom kostas la sendado?",
            "La sendado estas senpaga por pli ol kvindek eŭroj. Aliokaze vi pagas kvar eŭrojn, eĉ se via loĝejo estas malproksime, sur iu ajn insulo.",
        ),
        (
            "Kiam mi ricevos mian monon?",
            "Post kiam ni kontrolis la varon, ni resendas la sumon ĝis kvin labortagoj. Vi ne bezonas fari ion alian, ĉar ĉio okazas aŭtomate ĉe ni.",
        ),
    ),
}

LINES: dict[str, str] = {
    "zh": "会员价——每月€5起，“不满意就退款”…",
    "zh-Hant": "會員價每月從５元起，「不滿意就退款」…",
    "ja": "〔会員価格〕「満足保証」…いつでも解約できます。",
    "ko": "회원 가격은 “언제든지 해지 가능” …",
    "ru": "Подписка — от 300 рублей в месяц, «отмена в любое время»…",
    "uk": "Підписка — від 100 гривень на місяць, «скасування будь-коли»…",
    "bg": "Абонамент – от 10 лева на месец, „отказ по всяко време“…",
    "de": "Das Abo – ab 5 € im Monat – ist „jederzeit kündbar“, so geht’s…",
    "fr": "L’abonnement – dès 5 € par mois – est « sans engagement », c’est notre cœur de métier…",
    "es": "La suscripción –desde 5 € al mes– es “sin permanencia”, así de fácil…",
    "pt": "A subscrição – desde 5 € por mês – é “sem compromisso”, é só isso…",
    "it": "L’abbonamento – da 5 € al mese – è “senza vincoli”, com’è giusto…",
    "nl": "Het abonnement – vanaf € 5 per maand – is ‘altijd opzegbaar’, zo’n gemak…",
    "sv": "Prenumerationen – från 5 € i månaden – är ”utan bindningstid”…",
    "da": "Abonnementet – fra 5 € om måneden – er “uden binding”, så let er det…",
    "fi": "Tilaus – alkaen 5 € kuussa – on ”ilman sitoutumista”…",
    "is": "Áskriftin – frá 5 € á mánuði – er „án skuldbindingar“…",
    "pl": "Abonament – od 5 € miesięcznie – jest „bez zobowiązań”…",
    "cs": "Předplatné – od 5 € měsíčně – je „bez závazků“…",
    "hu": "Az előfizetés – havi 5 €-tól – „kötöttség nélküli”…",
    "hr": "Pretplata – od 5 € mjesečno – je „bez obveze“…",
    "tr": "Abonelik – ayda 5 €’dan başlar – “taahhütsüz” olarak sunulur…",
    "el": "Η συνδρομή – από 5 € τον μήνα – είναι «χωρίς δέσμευση»…",
    "ar": "الاشتراك – من 5 € في الشهر – “بدون التزام”…",
    "he": "המנוי – החל ב-5 € לחודש – הוא “ללא התחייבות”…",
    "th": "สมาชิก – เริ่มต้น 5 € ต่อเดือน – “ยกเลิกได้ทุกเมื่อ”…",
    "lt": "Prenumerata – nuo 5 € per mėnesį – yra „be įsipareigojimų“…",
    "lv": "Abonements – no 5 € mēnesī – ir “bez saistībām”…",
    "et": "Tellimus – alates 5 € kuus – on „ilma kohustuseta“…",
    "en": "It’s “easy” – members pay from €5 a month, and that’s all…",
}
PAIRS["en"] = (
    (
        "How do I return an item?",
        "You have fourteen days to return it. Sign in, choose the order and print the label. No café au lait on it, please.",
    ),
    (
        "What does delivery cost?",
        "Delivery is free over fifty pounds; below that it is £4 (about 5 dollars), wherever you live.",
    ),
    (
        "When do I get my money?",
        "Once we have looked at the item, within five working days. Items kept below 25° travel by night.",
    ),
)
